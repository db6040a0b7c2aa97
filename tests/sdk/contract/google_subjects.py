"""Google's operations for the contract, by the Gemini API and by Vertex AI."""

import ssl
from dataclasses import replace
from typing import Any

import httpx
from google import genai
from google.genai import types

from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply, Wire, events

TLS = ssl.create_default_context()
MODEL = "gemini-2.5-flash"
USAGE = {
    "promptTokenCount": 18,
    "candidatesTokenCount": 6,
    "thoughtsTokenCount": 40,
    "toolUsePromptTokenCount": 2,
    "cachedContentTokenCount": 4,
    "totalTokenCount": 66,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 18}],
}


def answer(text: str, reason: str | None = "STOP", **more: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    usage = {"promptTokenCount": 18, "totalTokenCount": 18}
    return {
        "candidates": [{**candidate, **({"finishReason": reason} if reason else {})}],
        "usageMetadata": USAGE if reason else usage,
        "modelVersion": "gemini-2.5-flash-001",
        "responseId": "resp-1",
        **more,
    }


def client(wire: Wire, **more: Any) -> Any:
    """With the transports of both twins and of web sockets: for each that is missing, it loads TLS."""
    http = types.HttpOptions(
        retry_options=types.HttpRetryOptions(attempts=1),
        httpx_client=wire.client(),
        httpx_async_client=wire.async_client(),
        client_args={"verify": TLS},
        async_client_args={"ssl": TLS},
    )
    return genai.Client(api_key="AIza-contract-secret", http_options=http, **more)


def build(wire: Wire) -> Any:
    return client(wire)


def build_async(wire: Wire) -> Any:
    return client(wire).aio


def build_vertex(wire: Wire) -> Any:
    return client(wire, vertexai=True)


def build_vertex_async(wire: Wire) -> Any:
    return client(wire, vertexai=True).aio


def ask(client: Any) -> Any:
    config = {"temperature": 0.5, "system_instruction": "Be brief."}
    return client.models.generate_content(model=MODEL, contents="Where is Oslo?", config=config)


CONTENT = {
    "gen_ai.operation.name": "generate_content",
    "gen_ai.provider.name": "gcp.gemini",
    "gen_ai.request.model": MODEL,
    "gen_ai.response.model": "gemini-2.5-flash-001",
    "gen_ai.response.id": "resp-1",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.output_tokens": 46,
    "gen_ai.usage.reasoning.output_tokens": 40,
    "gen_ai.usage.cache_read.input_tokens": 4,
    "server.address": "generativelanguage.googleapis.com",
}
VERTEX = {**CONTENT, "gen_ai.provider.name": "gcp.vertex_ai", "server.address": "aiplatform.googleapis.com"}


def seams(*names: str) -> tuple[str, ...]:
    return tuple(f"google.genai._api_client:BaseApiClient.{name}" for name in names)


def methods(name: str) -> tuple[str, ...]:
    return f"google.genai.models:Models.{name}", f"google.genai.models:AsyncModels.{name}"


CONTENT_SUBJECT = Subject(
    name="google.generate_content",
    http=lambda: httpx,
    build=build,
    build_async=build_async,
    call=ask,
    reply=Reply(answer("In Norway, of course.")),
    seams=seams("request", "async_request"),
    methods=methods("generate_content"),
    attributes={**CONTENT, "gen_ai.request.temperature": 0.5},
    output="In Norway, of course.",
    failure=Reply(
        {"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}, status=429
    ),
    failure_type="google.genai.errors.ClientError",
)
TEXTS = ("In ", "Norway", ", of", " course.")
STREAM_REPLY = Reply(
    chunks=events(*(answer(text, None) for text in TEXTS), answer("", "STOP")),
    content_type="text/event-stream",
)


def ask_stream(client: Any) -> Any:
    return client.models.generate_content_stream(model=MODEL, contents="Where is Oslo?")


STREAM_SUBJECT = replace(
    CONTENT_SUBJECT,
    name="google.generate_content_stream",
    call=ask_stream,
    reply=STREAM_REPLY,
    seams=seams("request_streamed", "async_request_streamed"),
    methods=methods("generate_content_stream"),
    attributes={**CONTENT, "gen_ai.request.stream": True, "watchkeeper.stream.state": "complete"},
    partial_output="In Norway",
)
SUBJECTS = [
    CONTENT_SUBJECT,
    STREAM_SUBJECT,
    replace(
        CONTENT_SUBJECT,
        name="google.vertex.generate_content",
        faces_faults=False,
        build=build_vertex,
        build_async=build_vertex_async,
        attributes=VERTEX,
    ),
    replace(
        STREAM_SUBJECT,
        name="google.vertex.generate_content_stream",
        faces_faults=False,
        build=build_vertex,
        build_async=build_vertex_async,
        attributes=VERTEX,
    ),
    replace(
        CONTENT_SUBJECT,
        name="google.chats",
        faces_faults=False,
        call=lambda client: client.chats.create(model=MODEL).send_message("Where is Oslo?"),
        methods=(
            "google.genai.chats:Chat.send_message",
            "google.genai.chats:AsyncChat.send_message",
        ),
        attributes=CONTENT,
    ),
    replace(
        CONTENT_SUBJECT,
        name="google.embed_content",
        faces_faults=False,
        call=lambda client: client.models.embed_content(model="gemini-embedding-001", contents=["Oslo"]),
        reply=Reply({"embeddings": [{"values": [0.25] * 512}], "usageMetadata": {"promptTokenCount": 2}}),
        methods=methods("embed_content"),
        attributes={
            "gen_ai.operation.name": "embeddings",
            "gen_ai.request.model": "gemini-embedding-001",
            "gen_ai.embeddings.dimension.count": 512,
            "gen_ai.usage.input_tokens": 2,
        },
        output=None,
    ),
]
