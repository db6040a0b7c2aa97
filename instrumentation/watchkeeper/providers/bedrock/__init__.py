"""Amazon Bedrock through ``botocore``, and so through ``boto3``.

Every operation of every AWS client goes through ``BaseClient._make_api_call``; four of them are calls to a
model. What they return stays the client's own: in streams the iterator is replaced, in bodies what is read
from.
"""

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

from watchkeeper.call import Call, Endpoint
from watchkeeper.patching import Patch, patch, traced
from watchkeeper.providers.bedrock import converse, invocation
from watchkeeper.providers.bedrock.body import watch_body
from watchkeeper.providers.bedrock.invocation import find_invocation
from watchkeeper.providers.endpoints import find_endpoint
from watchkeeper.reading import Reader
from watchkeeper.recorder import Recorder
from watchkeeper.streams import notice_closing

SERVICE = "bedrock-runtime"
STREAMS = {"ConverseStream": "stream", "InvokeModelWithResponseStream": "body"}
"""Operations that answer with a stream of events, and the member of the result that it is."""


def instrument(recorder: Recorder) -> list[Patch]:
    client = import_module("botocore.client").BaseClient
    begin = partial(begin_operation, recorder)
    return [patch(client, "_make_api_call", lambda method: traced(method, begin, recorder.guard))]


def begin_operation(recorder: Recorder, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call | None:
    client, operation, parameters = _arguments(*args, **kwargs)
    reader = find_reader(operation, parameters)
    if reader is None or client.meta.service_model.service_name != SERVICE:
        return None
    return recorder.begin(reader, endpoint(client), parameters, partial(receive, operation))


def _arguments(client: Any, operation_name: str, api_params: Any) -> tuple[Any, str, Any]:
    return client, operation_name, api_params


def find_reader(operation: str, parameters: Any) -> Reader | None:
    match operation:
        case "Converse":
            return converse.CONVERSE
        case "ConverseStream":
            return converse.STREAM
        case "InvokeModel":
            return find_invocation(parameters)
        case "InvokeModelWithResponseStream":
            return invocation.STREAM
    return None


def endpoint(client: Any) -> Endpoint:
    """Where a client sends to: Bedrock, also by an address of one's own."""
    found = find_endpoint(client.meta.endpoint_url)
    return Endpoint("aws.bedrock", found.address, found.port)


def receive(operation: str, call: Call, result: Any) -> Any:
    """Take note of the dict that a client returned, and return it."""
    if operation == "InvokeModel":
        watch_body(call, result)
    elif hasattr(stream := result.get(STREAMS.get(operation)), "_event_generator"):
        _listen(call, stream)
    else:
        call.answer(result)
    return result


def _listen(call: Call, stream: Any) -> None:
    iterator = call.observe(stream._event_generator)  # noqa: SLF001 - the seam
    stream._event_generator = iterator  # noqa: SLF001
    notice_closing(stream, "close", iterator)
