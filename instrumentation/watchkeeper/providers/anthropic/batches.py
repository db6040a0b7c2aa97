"""Anthropic's batches: each result is a call of its own, recorded when the application reads it."""

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.trace import use_span

from watchkeeper.call import Call, receive
from watchkeeper.providers.anthropic.messages import read_request
from watchkeeper.providers.anthropic.messages import read_response as read_message
from watchkeeper.reading import Reader, Request, Response, mapping, mappings, present, text
from watchkeeper.recorder import Recorder
from watchkeeper.snapshot import Plain
from watchkeeper.streams import Record

BATCH = {"id": "anthropic.message.batch.id", "processing_status": "anthropic.message.batch.processing_status"}
SIZE = "anthropic.message.batch.request_count"
CUSTOM_ID = "anthropic.message.batch.custom_id"


SHOWN = 10
"""How many of a batch's prompts are kept: there can be a hundred thousand."""


def _asked(body: Plain) -> list[Mapping[str, Any]]:
    """The parameters of each request of a batch."""
    return [mapping(request.get("params")) for request in mappings(mapping(body).get("requests"))]


def read_batch_model(body: Plain) -> str | None:
    """The model that all requests of a batch name."""
    models = {model for asked in _asked(body) if (model := text(asked.get("model")))}
    return models.pop() if len(models) == 1 else None


def read_batch_request(body: Plain) -> Request:
    """How large a batch is, and its first prompts."""
    asked = _asked(body)
    prompts = [message for parameters in asked[:SHOWN] for message in read_request(parameters).messages]
    return Request(model=read_batch_model(body), attributes={SIZE: len(asked)}, messages=prompts)


def read_batch(body: Plain) -> Response:
    """A batch that was taken: the answers are still to come, and their tokens with them."""
    return Response(attributes=present(mapping(body), BATCH), is_pending=True)


def read_results_request(body: Plain) -> Request:
    address = str(mapping(body).get("url", "")).split("/")
    return Request(attributes={BATCH["id"]: address[-2]} if len(address) > 1 else {}, is_stream=True)


def read_results(body: Plain) -> Response:  # noqa: ARG001 - the signature of a response's reader
    return Response()


def read_result(body: Plain) -> Response:
    """One result of a batch: an answer, or why there is none."""
    body = mapping(body)
    result = mapping(body.get("result"))
    response = read_message(result.get("message"))
    response.attributes |= present(body, {"custom_id": CUSTOM_ID})
    if result.get("type") != "succeeded":
        error = mapping(mapping(result.get("error")).get("error"))
        response.error_type = text(error.get("type")) or text(result.get("type"))
    return response


def _no_request(body: Plain) -> Request:  # noqa: ARG001 - the signature of a request's reader
    return Request()


def _nothing_kept(chunk: Any) -> str:  # noqa: ARG001 - the signature of a chunk's reader
    return ""


def _no_answer(pieces: Sequence[Plain]) -> Mapping[str, Any]:  # noqa: ARG001 - the signature of a fold
    return {}


CREATED = Reader("create_batch", read_batch_request, read_batch, model=read_batch_model)
RESULTS = Reader("fetch_response", read_results_request, read_results, _nothing_kept, _no_answer)
RESULT = Reader("chat", _no_request, read_result)


class Results(Record):
    """What is recorded of a stream of results: each as a call beneath the one that fetched them."""

    __slots__ = ("_call", "_recorder")

    def __init__(self, recorder: Recorder, call: Call) -> None:
        super().__init__(RESULTS.chunk, limit_bytes=0)
        self._recorder = recorder
        self._call = call

    def add(self, chunk: Any) -> None:
        super().add(chunk)
        fetching = self._call.span
        with use_span(fetching, record_exception=False, set_status_on_exception=False):
            call = self._recorder.begin(RESULT, self._call.endpoint, None, receive)
            if call is not None:
                call.leave()  # in the context that it entered from
        if call is not None:
            call.answer(chunk)
