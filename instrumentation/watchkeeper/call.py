"""One request to a model, from before the client is called until its span has ended."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Token
from dataclasses import dataclass
from typing import Any, Protocol

from opentelemetry.context import Context, attach, create_key, get_value, set_value
from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context

from watchkeeper.clock import Clock
from watchkeeper.conventions import (
    ERROR_TYPE,
    INPUT_MESSAGES,
    OPERATION,
    OUTPUT_MESSAGES,
    PROVIDER,
    REQUEST_MODEL,
    RPC_STATUS,
    SERVER_ADDRESS,
    SERVER_PORT,
    STREAM_CHUNKS,
    STREAM_STATE,
    SYSTEM_INSTRUCTIONS,
    TIME_PER_CHUNK,
    TIME_TO_FIRST_CHUNK,
    TOOL_DEFINITIONS,
    request_attributes,
    response_attributes,
)
from watchkeeper.failures import Failure, read_failure
from watchkeeper.guard import Guard
from watchkeeper.labels import current_labels, detach
from watchkeeper.proxies import is_stream, proxied
from watchkeeper.reading import Attributes, Reader, Request, Response, no_text
from watchkeeper.snapshot import NODE_BYTES, Plain, Snapshot
from watchkeeper.streams import ObservedAsyncIterator, ObservedIterator, Record, observed
from watchkeeper.wire import Compressed, Encoded, decode_body

IN_CALL = create_key("watchkeeper-in-call")
CALL_BYTES = 2048
"""What a call weighs in the queue beside its content."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go: a provider in OpenTelemetry's spelling, and the server."""

    provider: str
    address: str | None = None
    port: int | None = None


class Recorder(Protocol):
    """What a call needs of its surroundings."""

    guard: Guard
    stream_bytes: int
    """Most that is kept of one stream's texts."""

    @property
    def epoch(self) -> int:
        """Of the process that the call is begun in."""

    def started(self, call: "Call") -> Span:
        """A new span for the call."""

    def ended(self, call: "Call") -> None:
        """End the call's span and queue the call for export; may be called on any thread."""

    def abandoned(self, call: "Call") -> None:
        """The same from within the garbage collector: only queue it."""


class Call:
    """A call being recorded: a ``Listener`` of its stream. It ends once, whoever says so first.

    ``is_of_a_model``: it counts in the metrics of models' calls, and what the client calls beneath it is the
    same call.
    """

    is_of_a_model = True

    __slots__ = (
        "_clock", "_open", "_receive", "_recorder", "_token", "body", "end_ns", "endpoint", "epoch",
        "failure", "is_partial", "labels", "reader", "record", "request", "response", "result", "snapshot",
        "span",
    )  # fmt: skip

    def __init__(
        self, recorder: Recorder, reader: Reader, endpoint: Endpoint, body: Any, receive: "Receive"
    ) -> None:
        self._recorder = recorder
        self._receive = receive
        self._open = [True]
        self.reader = reader
        self.endpoint = endpoint
        self.snapshot = Snapshot()
        self.body: Plain = self.snapshot.take(body)
        self.result: Plain | Encoded | Compressed = None
        self.record: Record | None = None
        self.request: Request | None = None
        self.response: Response | None = None
        self.failure: Failure | None = None
        self.is_partial = False
        self.end_ns = 0
        self.epoch = recorder.epoch
        self._clock = Clock()
        self.labels = current_labels()
        self.span = recorder.started(self)
        self._token: Token[Context] | None = None
        self.enter()

    @property
    def guard(self) -> Guard:
        return self._recorder.guard

    @property
    def start_ns(self) -> int:
        return self._clock.start_ns

    # What the wrapper says.

    def enter(self) -> None:
        """The call's span is the current one from here on."""
        self._token = attach(self.context())

    def context(self) -> Context:
        """What is current while the client works."""
        return set_value(IN_CALL, self, set_span_in_context(self.span))

    def leave(self) -> None:
        """The client has returned or raised: what was current before is so again."""
        token, self._token = self._token, None
        if token is not None:
            detach(token)

    def finish(self, result: Any) -> Any:
        """Take note of what the client returned, and return it: the very object, or a proxy for a stream."""
        return self._receive(self, result)

    def fail(self, error: BaseException) -> None:
        """The client, or its stream, raised."""
        if isinstance(error, GeneratorExit):  # the coroutine that waited for it was thrown away
            self.abandon()
            return
        if not self._open:
            return
        self.failure = read_failure(error)
        self.is_partial = self.record is not None
        self._end()

    # What is made of a result.

    def answer(self, result: Any) -> None:
        """The whole answer is there."""
        self.result = self.snapshot.take(result)
        self._end()

    def answer_encoded(self, encoded: Encoded) -> None:
        """The whole answer is there, as bytes that the application has yet to decode, or never will."""
        self.result = encoded
        self.snapshot.size_bytes += len(encoded.content)
        self._end()

    def observe(self, iterator: Any) -> ObservedIterator | ObservedAsyncIterator:
        """The twin that takes the place of an iterator inside a stream."""
        return observed(iterator, self.stream_record(), self, self.guard)

    def stream_record(self) -> Record:
        self.record = self.record or self._new_record(self.reader.chunk)
        return self.record

    def tap(self, stream: Any, encoded: Compressed) -> Any:
        """A proxy for a body that the application reads as bytes, which are read as an answer later."""
        self.result = encoded
        self.record = self._new_record(no_text)
        return proxied(stream, self.record, self, self.guard)

    def stand_in(self, stream: Any) -> Any:
        """A proxy for a stream whose iterator cannot be replaced."""
        return proxied(stream, self.stream_record(), self, self.guard)

    def _new_record(self, read_text: Callable[[Any], str | None]) -> Record:
        return Record(read_text, limit_bytes=self._recorder.stream_bytes, now_ns=self._clock.now_ns)

    # What a stream says.

    def complete(self) -> None:
        self._end()

    def break_off(self) -> None:
        if self._open:
            self.is_partial = True
            self._end()

    def abandon(self) -> None:
        if self._closed():
            return
        self.is_partial = True
        self.end_ns = self.record.last_ns if self.record and self.record.last_ns else self._clock.now_ns()
        self._recorder.abandoned(self)

    # What the exporting side reads.

    def read(self) -> tuple[Request, Response]:
        """Request and response as the provider's readers understand them; read once."""
        if self.request is None:
            self.request = self.reader.request(self.body)
        if self.response is None:
            self.response = self.reader.response(self.answered())
        return self.request, self.response

    def attributes(self) -> Attributes:
        """Everything that is known and is no content."""
        request, response = self.read()
        attributes = self.opening_attributes() | request_attributes(request) | response_attributes(response)
        attributes |= self._stream_attributes()
        if self.failure:
            attributes[ERROR_TYPE] = self.failure.rpc_code or self.failure.type
            if self.failure.rpc_code:
                attributes[RPC_STATUS] = self.failure.rpc_code
            if self.failure.http_status:
                attributes["http.response.status_code"] = self.failure.http_status
        return attributes

    def contents(self) -> Mapping[str, Any]:
        """What was asked and answered, by the attributes for it."""
        request, response = self.read()
        return {
            INPUT_MESSAGES: request.messages,
            SYSTEM_INSTRUCTIONS: request.system,
            TOOL_DEFINITIONS: request.tools,
            OUTPUT_MESSAGES: response.messages,
        }

    @property
    def title(self) -> str:
        """The span's name."""
        return " ".join(filter(None, (self.reader.operation, self.reader.model(self.body))))

    def opening_attributes(self) -> Attributes:
        """What is known before the client is called, for the application's sampler to decide by."""
        endpoint = self.endpoint
        attributes: Attributes = {OPERATION: self.reader.operation, PROVIDER: endpoint.provider}
        if model := self.reader.model(self.body):
            attributes[REQUEST_MODEL] = model
        if endpoint.address:
            attributes[SERVER_ADDRESS] = endpoint.address
        if endpoint.port:
            attributes[SERVER_PORT] = endpoint.port
        return attributes

    @property
    def error_type(self) -> str | None:
        if self.failure:
            return self.failure.rpc_code or self.failure.type
        return self.response.error_type if self.response else None

    @property
    def duration_s(self) -> float:
        return max(0, self.end_ns - self.start_ns) / 1e9

    @property
    def weight_bytes(self) -> int:
        record = self.record
        streamed = record.snapshot.weight_bytes + len(record.pieces) * NODE_BYTES if record else 0
        return CALL_BYTES + self.snapshot.weight_bytes + streamed

    def status(self) -> Status | None:
        return Status(StatusCode.ERROR, self.error_type) if self.error_type else None

    def answered(self) -> Plain:
        """The answer as plain data, however it came."""
        pieces = self.record.pieces if self.record is not None else ()
        return decode_body(self.result, pieces, self.reader.fold)

    def _stream_attributes(self) -> Attributes:
        record = self.record
        if record is None:
            return {}
        attributes: Attributes = {STREAM_STATE: "partial" if self._is_cut() else "complete"}
        if record.chunks:
            attributes[STREAM_CHUNKS] = record.chunks
            attributes[TIME_TO_FIRST_CHUNK] = max(0, record.first_ns - self.start_ns) / 1e9
        if record.chunks > 1:
            attributes[TIME_PER_CHUNK] = (record.last_ns - record.first_ns) / 1e9 / (record.chunks - 1)
        return attributes

    def _is_cut(self) -> bool:
        """A body of events is closed by clients that saw the last one, with bytes left to read."""
        is_tapped = isinstance(self.result, Compressed)
        return self.is_partial and not (is_tapped and self.read()[1].finish_reasons)

    def _end(self) -> None:
        if not self._closed():
            self.end_ns = self._clock.now_ns()
            self._recorder.ended(self)

    def _closed(self) -> bool:
        """Whether the call had ended; from now on it has. Atomic: several threads may ask."""
        try:
            self._open.pop()
        except IndexError:
            return True
        return False


Receive = Callable[[Call, Any], Any]
"""Takes note of what a client returned and returns it."""


def receive(call: Call, result: Any) -> Any:
    """For clients that return an answer, an iterator, or a context manager around one."""
    if inspect.iscoroutine(result):
        return _awaited(call, result)
    if is_stream(result):
        return call.stand_in(result)
    call.answer(result)
    return result


async def _awaited(call: Call, awaitable: Awaitable[Any]) -> Any:
    """For methods that are not async themselves but return what has to be awaited."""
    guard = call.guard
    guard(call.enter)
    try:
        result = await awaitable
    except BaseException as error:
        guard(call.fail, error)
        raise
    finally:
        guard(call.leave)
    return guard(call.finish, result, default=result)


def is_in_call() -> bool:
    """Whether a call is being recorded around this one: what a framework calls beneath is the same call."""
    return get_value(IN_CALL) is not None
