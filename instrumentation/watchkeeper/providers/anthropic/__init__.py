"""Anthropic's client, with its flavours for Bedrock, Vertex and other platforms."""

from functools import partial
from importlib import import_module
from typing import Any

from watchkeeper.call import Call, Endpoint
from watchkeeper.patching import Patch, patch
from watchkeeper.providers import stainless
from watchkeeper.providers.anthropic import batches, messages
from watchkeeper.providers.anthropic.own_spans import merged
from watchkeeper.providers.endpoints import find_endpoint
from watchkeeper.recorder import Recorder

PACKAGE = "anthropic"
ROUTES = stainless.Routes(
    {
        ("post", "/v1/messages"): messages.MESSAGES,
        ("post", "/v1/messages/batches"): batches.CREATED,
        ("get", "/v1/messages/batches/*/results"): batches.RESULTS,
    }
)


def instrument(recorder: Recorder) -> list[Patch]:
    """Wrap the clients, and see to it that the spans they make by themselves do not double ours."""
    patches = stainless.instrument(recorder, PACKAGE, ROUTES, endpoint, partial(receive, recorder))
    client = import_module("anthropic._base_client").BaseClient
    if hasattr(client, "_tracer"):
        patches.append(patch(client, "_tracer", partial(merged, recorder)))
    return patches


def endpoint(client: Any, address: str) -> Endpoint:
    """What the address leaves open, the client's class says."""
    return find_endpoint(address, default=getattr(client, "_gen_ai_provider_name", PACKAGE))


def receive(recorder: Recorder, call: Call, result: Any) -> Any:
    """Results of a batch are calls of their own."""
    if call.reader is batches.RESULTS and stainless.is_stream(result):
        call.record = batches.Results(recorder, call)
    return stainless.receive_result(call, result)
