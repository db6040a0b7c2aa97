"""MCP's client: each request to a server is a span, in the words of OpenTelemetry's conventions for MCP.

The methods of ``ClientSession`` are wrapped, which the newer ``Client`` calls as well. From version 2 the
client makes spans by itself; ours stand in their place.
"""

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

from watchkeeper.call import Call, Endpoint
from watchkeeper.patching import Patch, patch, traced
from watchkeeper.providers.mcp import own_spans
from watchkeeper.providers.mcp.requests import METHODS, Method, ServerRequest
from watchkeeper.providers.mcp.servers import Servers
from watchkeeper.recorder import Recorder

NOBODY = Endpoint("mcp")
"""Where the request goes is told by the transport."""


def instrument(recorder: Recorder) -> list[Patch]:
    session = import_module("mcp.client.session").ClientSession
    servers = Servers(recorder.guard)
    requests = [
        patch(session, method.function, partial(_traced, recorder, servers, method)) for method in METHODS
    ]
    return [*requests, *servers.watch(), *own_spans.merge(recorder)]


def _traced(recorder: Recorder, servers: Servers, method: Method, wrapped: Any) -> Any:
    return traced(wrapped, partial(begin_request, recorder, servers, method), recorder.guard)


def begin_request(
    recorder: Recorder, servers: Servers, method: Method, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Call | None:
    session, *given = args
    known = servers.facts_finder(session)
    body = {
        "method": method.name,
        "arguments": method.read_arguments(given, kwargs),
        "protocol": getattr(session, "protocol_version", None),
        "server": known(),
    }
    return recorder.begin(method.reader, NOBODY, body, partial(receive, known), ServerRequest)


def receive(known: Any, call: Call, result: Any) -> Any:
    """Take note of an answer, and of the server: with the first request, it is only known by now."""
    call.body["server"] = known()
    call.answer(result)
    return result
