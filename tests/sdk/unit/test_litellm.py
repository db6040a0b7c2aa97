"""LiteLLM: one span for a call through any number of layers, and whose model it was."""

import asyncio
from collections.abc import Callable
from typing import Any

import litellm
import pytest
from watchkeeper import Handle
from watchkeeper.call import Endpoint
from watchkeeper.providers.litellm import endpoint, find_provider, read_response

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.litellm_subjects import COMPLETION_SUBJECT, WARNINGS, ask, build, build_async
from tests.sdk.contract.openai_subjects import QUESTION, STREAM_REPLY

SeenBy = Callable[[Handle], list[Seen]]
pytestmark = [pytest.mark.filterwarnings(warning) for warning in WARNINGS]


def test_the_client_beneath_makes_no_span_of_its_own(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    assert {"openai", "litellm"} <= set(handle.instrumented)
    ask(build(COMPLETION_SUBJECT.wire()))
    asyncio.run(ask(build_async(COMPLETION_SUBJECT.wire())))
    assert len(seen(handle)) == 2


def test_a_router_makes_no_second_span(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    deployment = {"model": "anthropic/claude-sonnet-4-5", "mock_response": "In Norway.", "api_key": "secret"}
    router = litellm.Router(model_list=[{"model_name": "any", "litellm_params": deployment}], num_retries=0)
    router.completion(model="any", messages=QUESTION)
    asyncio.run(router.acompletion(model="any", messages=QUESTION))
    spans = seen(handle)
    assert [span.attributes["gen_ai.provider.name"] for span in spans] == ["anthropic"] * 2
    assert [span.attributes["gen_ai.request.model"] for span in spans] == ["claude-sonnet-4-5"] * 2
    assert "secret" not in "".join(span.texts() for span in spans)


def test_a_function_taken_from_its_own_module_is_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    litellm.main.completion("gpt-4o", QUESTION, mock_response="In Norway.")
    (span,) = seen(handle)
    assert span.name == "chat gpt-4o"
    assert "In Norway." in span.attributes["gen_ai.output.messages"]


def test_text_completions_are_recorded_plain_and_streamed(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    asked: dict[str, Any] = {
        "model": "openai/gpt-3.5-turbo-instruct",
        "mock_response": "in Norway, of course",
    }
    litellm.text_completion("Oslo is", **asked)
    assert len(list(litellm.text_completion("Oslo is", stream=True, **asked))) > 1
    spans = seen(handle)
    assert [span.name for span in spans] == ["text_completion gpt-3.5-turbo-instruct"] * 2
    for span in spans:
        assert "in Norway, of course" in span.attributes["gen_ai.output.messages"]
        assert "Oslo is" in span.attributes["gen_ai.input.messages"]


def test_a_stream_is_the_clients_own_to_the_application(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    with ask(build(COMPLETION_SUBJECT.wire(STREAM_REPLY)), stream=True) as stream:
        assert isinstance(stream, litellm.CustomStreamWrapper)
        assert stream.custom_llm_provider == "openai"
        texts = [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]
    assert "".join(texts) == "In Norway, of course."
    (span,) = seen(handle)
    assert span.attributes["watchkeeper.stream.state"] == "complete"


def test_a_tool_call_is_read(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    call = {
        "id": "call-1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
    }
    asked = {
        "model": "gpt-4o",
        "messages": QUESTION,
        "mock_tool_calls": [call],
        "mock_response": "Let me look.",
    }
    list(litellm.completion(stream=True, **asked))
    litellm.completion(**asked)
    _, whole = seen(handle)
    (answer,) = whole.content("gen_ai.output.messages")
    assert answer["parts"][-1] == {
        "type": "tool_call",
        "name": "weather",
        "arguments": {"city": "Oslo"},
        "id": "call-1",
    }


@pytest.mark.parametrize(
    ("given", "provider", "model"),
    [
        ({"model": "bedrock/us.amazon.nova-lite-v1:0"}, "bedrock", "us.amazon.nova-lite-v1:0"),
        ({"model": "openrouter/anthropic/claude-3"}, "openrouter", "anthropic/claude-3"),
        ({"model": "gpt-4o"}, "openai", "gpt-4o"),
        ({"model": "mine", "custom_llm_provider": "openai"}, "openai", "mine"),
        ({"model": "meta-llama/Llama-3"}, None, "meta-llama/Llama-3"),
    ],
)
def test_the_provider_is_said_or_known_of_the_model(
    given: dict[str, Any], provider: str | None, model: str
) -> None:
    assert find_provider(litellm, given) == (provider, model)


@pytest.mark.parametrize(
    ("provider", "given", "expected"),
    [
        ("gemini", {}, Endpoint("gcp.gemini")),
        (None, {}, Endpoint("_OTHER")),
        ("azure", {"api_base": "https://llm.example"}, Endpoint("azure.ai.openai", "llm.example", 443)),
        ("openai", {"api_base": "https://api.groq.com/openai/v1"}, Endpoint("groq", "api.groq.com", 443)),
        ("hosted_vllm", {"base_url": "http://gpu:8000/v1"}, Endpoint("vllm", "gpu", 8000)),
    ],
)  # fmt: skip
def test_the_endpoint_has_opentelemetrys_names(
    provider: str | None, given: dict[str, Any], expected: Endpoint
) -> None:
    assert endpoint(provider, given) == expected


def test_writes_to_the_cache_are_counted() -> None:
    usage = {"prompt_tokens": 1207, "completion_tokens": 83, "cache_creation_input_tokens": 96}
    read = {**usage, "prompt_tokens_details": {"cached_tokens": 512}}
    response = read_response({"usage": read})
    assert (response.usage.cache_read_tokens, response.usage.cache_write_tokens) == (512, 96)
