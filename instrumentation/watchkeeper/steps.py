"""Steps of the application around its calls: functions, tools and agents that are traced by a decorator."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, Protocol

from opentelemetry.context import Context, attach, get_current
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context

from watchkeeper.call import CALL_BYTES
from watchkeeper.clock import Clock
from watchkeeper.conventions import AGENT_NAME, ERROR_TYPE, OPERATION, TOOL_ARGUMENTS, TOOL_NAME, TOOL_RESULT
from watchkeeper.failures import Failure, read_failure
from watchkeeper.guard import Guard
from watchkeeper.labels import current_labels, detach
from watchkeeper.reading import Attributes
from watchkeeper.snapshot import DataSnapshot, Plain

Kind = Literal["span", "tool", "agent"]
OPERATIONS: Mapping[Kind, str] = {"tool": "execute_tool", "agent": "invoke_agent"}
NAMES: Mapping[Kind, str] = {"tool": TOOL_NAME, "agent": AGENT_NAME}
CONTENT: Mapping[Kind, tuple[str, str]] = {
    "tool": (TOOL_ARGUMENTS, TOOL_RESULT),
    "agent": ("input.value", "output.value"),
    "span": ("input.value", "output.value"),
}


class StepRecorder(Protocol):
    """What a step needs of its surroundings."""

    guard: Guard

    @property
    def epoch(self) -> int: ...
    def start_span(self, name: str, kind: SpanKind, attributes: Attributes, start_ns: int) -> Span: ...
    def export_step(self, step: "Step") -> None: ...


class Step:
    """One run of a traced function."""

    __slots__ = (
        "_clock", "_recorder", "_snapshot", "context", "epoch", "failure", "input", "kind", "labels",
        "output", "span",
    )  # fmt: skip

    def __init__(self, recorder: StepRecorder, kind: Kind, name: str, arguments: Mapping[str, Any]) -> None:
        self._recorder = recorder
        self._snapshot = DataSnapshot()
        self._clock = Clock()
        self.epoch = recorder.epoch
        self.kind = kind
        self.labels = current_labels()
        self.input: Plain = self._snapshot.take(arguments)
        self.output: Plain = None
        self.failure: Failure | None = None
        operation = OPERATIONS.get(kind)
        attributes: Attributes = {OPERATION: operation, NAMES[kind]: name} if operation else {}
        title = f"{operation} {name}" if operation else name
        self.span = recorder.start_span(title, SpanKind.INTERNAL, attributes, self._clock.start_ns)
        self.context: Context = set_span_in_context(self.span, get_current())

    @contextmanager
    def running(self) -> Iterator[None]:
        """The step's span is the current one; an exception that leaves is the step's failure."""
        token = attach(self.context)
        try:
            yield
        except (StopIteration, StopAsyncIteration):
            raise
        except BaseException as error:
            self._recorder.guard(self._fail, error)
            raise
        finally:
            detach(token)

    def finish(self, result: Any) -> Any:
        """Take note of what the function returned, and return it."""
        self._recorder.guard(self._finish, result)
        return result

    def _finish(self, result: Any) -> None:
        self.output = self._snapshot.take(result)
        self._end()

    def _fail(self, error: BaseException) -> None:
        self.failure = read_failure(error)
        if self.span.is_recording():
            self.span.set_attribute(ERROR_TYPE, self.failure.type)
            self.span.set_status(Status(StatusCode.ERROR, self.failure.type))
        self._end()

    def contents(self) -> dict[str, Plain]:
        names = CONTENT[self.kind]
        return dict(zip(names, (self.input, self.output), strict=True))

    @property
    def weight_bytes(self) -> int:
        return CALL_BYTES + self._snapshot.weight_bytes

    def _end(self) -> None:
        self.span.end(self._clock.now_ns())
        self._recorder.export_step(self)
