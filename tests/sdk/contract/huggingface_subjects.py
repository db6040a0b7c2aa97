"""Hugging Face's operations for the contract, through its router, with answers in its servers' own form."""

from dataclasses import dataclass, field, replace
from typing import Any

from huggingface_hub import AsyncInferenceClient, InferenceClient
from huggingface_hub.hf_api import InferenceProviderMapping
from huggingface_hub.inference._providers import _common
from huggingface_hub.utils import _http

from tests.sdk.contract import openai_subjects as openai
from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply, Wire, events

TOKEN = "hf_contract-secret-0123456789"
MODEL = "meta-llama/Llama-3.1-8B-Instruct"
ENDPOINT = "https://abc.us-east-1.aws.endpoints.huggingface.cloud"
"""A server of the application's own, which has one model."""
_common.HARDCODED_MODEL_INFERENCE_MAPPING["together"][MODEL] = InferenceProviderMapping(
    provider="together",
    hf_model_id=MODEL,
    providerId="meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo",
    task="conversational",
    status="live",
)
"""What the client would ask the Hub for."""
HEAD = {"id": "chatcmpl-1", "created": 1700000000, "model": MODEL, "system_fingerprint": "3.2.1-sha-4d28897"}
USAGE = {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29}
COMPLETION = {**openai.COMPLETION, **HEAD, "usage": USAGE}
CALL = {
    "gen_ai.provider.name": "huggingface",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.output_tokens": 9,
}
CHAT = {
    **CALL,
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": MODEL,
    "gen_ai.response.model": MODEL,
    "gen_ai.response.id": "chatcmpl-1",
    "gen_ai.usage.input_tokens": 20,
    "server.address": "router.huggingface.co",
    "server.port": 443,
}
GENERATION = {**CALL, "gen_ai.operation.name": "text_completion", "gen_ai.usage.input_tokens": 5}
STREAMED = {"gen_ai.request.stream": True, "watchkeeper.stream.state": "complete"}
TEXTS = ("In ", "Norway", ", of", " course.")


def http() -> Any:
    """The HTTP library that this version uses."""
    return _http.httpx2 if hasattr(_http, "httpx2") else _http.httpx


@dataclass
class KeepingWire(Wire):
    """A transport that keeps its clients: a stream is closed when nobody has its client any more."""

    clients: list[Any] = field(default_factory=list)

    def kept(self, client: Any) -> Any:
        self.clients.append(client)
        return client


def build(wire: Any, model: str | None = None, **more: Any) -> Any:
    """All plain clients share one session, which is made anew."""
    _http.set_client_factory(wire.client)
    return wire.kept(InferenceClient(model, token=TOKEN, **more))


def build_async(wire: Any, model: str | None = None, **more: Any) -> Any:
    _http.set_async_client_factory(wire.async_client)
    return wire.kept(AsyncInferenceClient(model, token=TOKEN, **more))


def chunk(delta: dict[str, Any], reason: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return {**HEAD, "object": "chat.completion.chunk", "choices": [choice], **more}


CHUNKS = [
    *(chunk({"role": "assistant", "content": text}) for text in TEXTS),
    chunk({"role": "assistant", "content": ""}, "stop"),
    {**HEAD, "object": "chat.completion.chunk", "choices": [], "usage": USAGE},
]


def token(index: int, text: str, **more: Any) -> dict[str, Any]:
    about = {"id": 100 + index, "text": text, "logprob": -0.25, "special": False}
    return {"index": index, "token": about, "generated_text": None, "details": None, **more}


DETAILS = {"finish_reason": "eos_token", "generated_tokens": 9, "input_length": 5, "seed": None}
TOKENS = [
    *(token(index, text) for index, text in enumerate(TEXTS, start=1)),
    {
        **token(5, "</s>", generated_text="In Norway, of course.", details=DETAILS),
        "token": {"id": 2, "text": "</s>", "logprob": -0.1, "special": True},
    },
]


def ask(client: Any, **more: Any) -> Any:
    return client.chat_completion(openai.QUESTION, model=MODEL, temperature=0.5, **more)


def generate(client: Any, **more: Any) -> Any:
    return client.text_generation("Where is Oslo?", max_new_tokens=20, **more)


def methods(name: str) -> tuple[str, ...]:
    return f"huggingface_hub:InferenceClient.{name}", f"huggingface_hub:AsyncInferenceClient.{name}"


CHAT_SUBJECT = Subject(
    name="huggingface.chat",
    faces_faults=False,
    http=http,
    build=build,
    build_async=build_async,
    call=ask,
    reply=Reply(COMPLETION),
    seams=(
        "huggingface_hub.inference._client:InferenceClient._inner_post",
        "huggingface_hub.inference._generated._async_client:AsyncInferenceClient._inner_post",
    ),
    methods=methods("chat_completion"),
    attributes={**CHAT, "gen_ai.request.temperature": 0.5},
    output="In Norway, of course.",
    failure=Reply({"error": "slow down"}, status=429),
    failure_type="huggingface_hub.errors.HfHubHTTPError",
    wire_type=KeepingWire,
)
GENERATION_SUBJECT = replace(
    CHAT_SUBJECT,
    name="huggingface.text_generation",
    build=lambda wire: build(wire, ENDPOINT),
    build_async=lambda wire: build_async(wire, ENDPOINT),
    call=lambda client: generate(client, details=True),
    reply=Reply(
        [{"generated_text": "In Norway, of course.", "details": {**DETAILS, "prefill": [], "tokens": []}}]
    ),
    methods=methods("text_generation"),
    attributes={**GENERATION, "gen_ai.request.max_tokens": 20},
)
SUBJECTS = [
    CHAT_SUBJECT,
    replace(
        CHAT_SUBJECT,
        name="huggingface.chat.stream",
        faces_faults=True,
        call=lambda client: ask(client, stream=True, stream_options={"include_usage": True}),
        reply=Reply(chunks=(*events(*CHUNKS), b"data: [DONE]\n\n"), content_type="text/event-stream"),
        attributes={**CHAT, **STREAMED},
        partial_output="In Norway",
    ),
    replace(
        GENERATION_SUBJECT,
        name="huggingface.text_generation.stream",
        call=lambda client: generate(client, stream=True),
        reply=Reply(chunks=events(*TOKENS), content_type="text/event-stream"),
        attributes={**GENERATION, **STREAMED},
        partial_output="In Norway",
    ),
    replace(
        CHAT_SUBJECT,
        name="huggingface.feature_extraction",
        build=lambda wire: build(wire, ENDPOINT),
        build_async=lambda wire: build_async(wire, ENDPOINT),
        call=lambda client: client.feature_extraction("Oslo"),
        reply=Reply([[0.25] * 384]),
        methods=methods("feature_extraction"),
        attributes={
            "gen_ai.operation.name": "embeddings",
            "gen_ai.provider.name": "huggingface",
            "gen_ai.embeddings.dimension.count": 384,
            "server.address": "abc.us-east-1.aws.endpoints.huggingface.cloud",
        },
        output=None,
    ),
]
