"""Azure AI Inference's operations for the contract, through the real client."""

from dataclasses import replace
from typing import Any

import httpx
from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient, aio
from azure.ai.inference.models import ImageEmbeddingInput, SystemMessage, UserMessage
from azure.core.credentials import AzureKeyCredential

from tests.sdk.contract.azure_wire import AzureWire
from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply, events

ENDPOINT = "https://contract.services.ai.azure.com/models"
MODEL = "mistral-large-2411"
USAGE = {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29}
COMPLETION = {
    "id": "cmpl-1",
    "object": "chat.completion",
    "created": 1700000000,
    "model": MODEL,
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "In Norway, of course.", "tool_calls": None},
        }
    ],
    "usage": USAGE,
}
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "azure.ai.inference",
    "gen_ai.request.model": MODEL,
    "gen_ai.response.model": MODEL,
    "gen_ai.response.id": "cmpl-1",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.output_tokens": 9,
    "server.address": "contract.services.ai.azure.com",
    "server.port": 443,
}
PLACES = ("azure.ai.inference", "azure.ai.inference.aio")


def chunk(delta: dict[str, Any], reason: str | None = None, **own: Any) -> dict[str, Any]:
    head = {key: COMPLETION[key] for key in ("id", "created", "model")}
    choice = {"index": 0, "delta": {"tool_calls": None, **delta}, "finish_reason": reason}
    return {**head, "object": "chat.completion.chunk", "choices": [choice], **own}


CHUNKS = [
    chunk({"role": "assistant", "content": ""}),
    *(chunk({"content": text}) for text in ("In ", "Norway", ", of", " course.")),
    chunk({"content": ""}, "stop", usage=USAGE),
]
STREAM_REPLY = Reply(chunks=(*events(*CHUNKS), b"data: [DONE]\n\n"), content_type="text/event-stream")


def build(wire: Any, kind: Any = ChatCompletionsClient, **more: Any) -> Any:
    key = AzureKeyCredential("azure-contract-secret")
    given = {"endpoint": ENDPOINT, "credential": key, "retry_total": 0, **more}
    return kind(transport=wire.transport(), **given)


def build_async(wire: Any, kind: Any = aio.ChatCompletionsClient, **more: Any) -> Any:
    key = AzureKeyCredential("azure-contract-secret")
    given = {"endpoint": ENDPOINT, "credential": key, "retry_total": 0, **more}
    return kind(transport=wire.async_transport(), **given)


def ask(client: Any, **more: Any) -> Any:
    messages = [SystemMessage("Be brief."), UserMessage("Where is Oslo?")]
    return client.complete(messages=messages, model=MODEL, temperature=0.5, **more)


def seams(method: str) -> tuple[str, ...]:
    return tuple(f"{place}:{method}" for place in PLACES)


CHAT_SUBJECT = Subject(
    name="azure.complete",
    http=lambda: httpx,
    wire_type=AzureWire,
    build=build,
    build_async=build_async,
    call=ask,
    reply=Reply(COMPLETION),
    seams=(*seams("ChatCompletionsClient.complete"), "azure.ai.inference.tracing:settings"),
    methods=seams("ChatCompletionsClient.complete"),
    attributes={**CHAT, "gen_ai.request.temperature": 0.5},
    output="In Norway, of course.",
    failure=Reply({"error": {"code": "429", "message": "slow down"}}, status=429),
    failure_type="azure.core.exceptions.HttpResponseError",
)
EMBEDDED = Reply(
    {
        "id": "emb-1",
        "object": "list",
        "model": "cohere-embed-v3",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.25] * 512}],
        "usage": {"prompt_tokens": 2, "total_tokens": 2},
    }
)
EMBEDDING = {
    "gen_ai.operation.name": "embeddings",
    "gen_ai.provider.name": "azure.ai.inference",
    "gen_ai.request.model": "cohere-embed-v3",
    "gen_ai.embeddings.dimension.count": 512,
    "gen_ai.usage.input_tokens": 2,
}
SUBJECTS = [
    CHAT_SUBJECT,
    replace(
        CHAT_SUBJECT,
        name="azure.complete.stream",
        call=lambda client: ask(client, stream=True),
        reply=STREAM_REPLY,
        attributes={**CHAT, "gen_ai.request.stream": True, "watchkeeper.stream.state": "complete"},
        partial_output="In ",
        is_proxied=True,
    ),
    replace(
        CHAT_SUBJECT,
        name="azure.embed",
        faces_faults=False,
        build=lambda wire: build(wire, EmbeddingsClient),
        build_async=lambda wire: build_async(wire, aio.EmbeddingsClient),
        call=lambda client: client.embed(input=["Oslo"], model="cohere-embed-v3"),
        reply=EMBEDDED,
        seams=seams("EmbeddingsClient.embed"),
        methods=seams("EmbeddingsClient.embed"),
        attributes=EMBEDDING,
        output=None,
    ),
    replace(
        CHAT_SUBJECT,
        name="azure.embed_images",
        faces_faults=False,
        build=lambda wire: build(wire, ImageEmbeddingsClient),
        build_async=lambda wire: build_async(wire, aio.ImageEmbeddingsClient),
        call=lambda client: client.embed(
            input=[ImageEmbeddingInput(image="data:image/png;base64,aW1hZ2U=", text="Oslo")],
            model="cohere-embed-v3",
        ),
        reply=EMBEDDED,
        seams=seams("ImageEmbeddingsClient.embed"),
        methods=seams("ImageEmbeddingsClient.embed"),
        attributes=EMBEDDING,
        output=None,
    ),
]
