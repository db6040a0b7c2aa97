"""Mistral's operations for the contract, with answers in its API's own form."""

from dataclasses import replace
from typing import Any

from mistralai.client import basesdk
from mistralai.client.sdk import Mistral

from tests.sdk.contract import openai_subjects as openai
from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply, Wire, events

KEY = "mistral-contract-secret-0123456789"
MODEL = "mistral-small-latest"
ANSWER = "In Norway, of course."
TEXTS = ("In ", "Norway", ", of", " course.")
USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 9,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 4},
}
HEAD = {"id": "cmpl-1", "created": 1700000000, "model": MODEL}
COMPLETION = {
    **HEAD,
    "object": "chat.completion",
    "usage": USAGE,
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": ANSWER, "tool_calls": None},
        }
    ],
}
CALL = {
    "gen_ai.provider.name": "mistral_ai",
    "gen_ai.request.model": MODEL,
    "gen_ai.response.model": MODEL,
    "gen_ai.response.id": "cmpl-1",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.output_tokens": 9,
    "gen_ai.usage.cache_read.input_tokens": 4,
    "server.address": "api.mistral.ai",
    "server.port": 443,
}
CHAT = {"gen_ai.operation.name": "chat", **CALL}
STREAMED = {"gen_ai.request.stream": True, "watchkeeper.stream.state": "complete"}


class Twin:
    """The async methods of a client under the names of the plain ones."""

    def __init__(self, part: Any) -> None:
        self._part = part

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, f"{name}_async", None)
        return Twin(getattr(self._part, name)) if found is None else found


def build(wire: Wire) -> Any:
    return Mistral(api_key=KEY, client=wire.client(), async_client=wire.async_client())


def build_async(wire: Wire) -> Any:
    return Twin(build(wire))


def chunk(delta: dict[str, Any], reason: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {**HEAD, "object": "chat.completion.chunk", "choices": [choice], **more}


CHUNKS = [
    chunk({"role": "assistant", "content": ""}),
    *(chunk({"content": text}) for text in TEXTS),
    chunk({"content": ""}, "stop", usage=USAGE),
]
STREAM_REPLY = Reply(chunks=(*events(*CHUNKS), b"data: [DONE]\n\n"), content_type="text/event-stream")


def seams(part: str, owner: str, *names: str) -> tuple[str, ...]:
    return tuple(f"mistralai.client.{part}:{owner}.{name}{twin}" for name in names for twin in ("", "_async"))


def ask(client: Any, **more: Any) -> Any:
    return client.chat.complete(model=MODEL, messages=openai.QUESTION, temperature=0.5, **more)


CHAT_SUBJECT = Subject(
    name="mistral.chat",
    faces_faults=False,
    http=lambda: basesdk.httpx,
    build=build,
    build_async=build_async,
    call=ask,
    reply=Reply(COMPLETION),
    seams=seams("chat", "Chat", "complete"),
    attributes={**CHAT, "gen_ai.request.temperature": 0.5},
    output=ANSWER,
    failure=Reply(
        {"object": "error", "message": "slow down", "type": "rate_limited", "code": "1300"}, status=429
    ),
    failure_type="mistralai.client.errors.sdkerror.SDKError",
)
STREAM_SUBJECT = replace(
    CHAT_SUBJECT,
    name="mistral.chat.stream",
    faces_faults=True,
    call=lambda client: client.chat.stream(model=MODEL, messages=openai.QUESTION),
    reply=STREAM_REPLY,
    seams=seams("chat", "Chat", "stream"),
    attributes={**CHAT, **STREAMED},
    partial_output="In Norway",
    partial_chunks=3,
)
STARTED = {"type": "conversation.response.started", "conversation_id": "conv-1"}
ENDED = {
    "type": "conversation.response.done",
    "usage": {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29},
}


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message.output.delta", "id": "msg-1", "content": text, "model": MODEL, **more}


CONVERSATION = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "mistral_ai",
    "gen_ai.request.model": MODEL,
    "gen_ai.response.model": MODEL,
    "gen_ai.conversation.id": "conv-1",
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.output_tokens": 9,
}
SUBJECTS = [
    CHAT_SUBJECT,
    STREAM_SUBJECT,
    replace(
        CHAT_SUBJECT,
        name="mistral.conversations.stream",
        call=lambda client: client.beta.conversations.start_stream(model=MODEL, inputs="Where is Oslo?"),
        reply=Reply(
            chunks=events(STARTED, *map(said, TEXTS), ENDED, is_named=True), content_type="text/event-stream"
        ),
        seams=seams("conversations", "Conversations", "start_stream"),
        attributes={**CONVERSATION, **STREAMED},
        partial_output="In Norway",
        partial_chunks=3,
    ),
    replace(
        CHAT_SUBJECT,
        name="mistral.embeddings",
        call=lambda client: client.embeddings.create(model="mistral-embed", inputs=["Oslo"]),
        reply=Reply(
            {
                **HEAD,
                "object": "list",
                "model": "mistral-embed",
                "data": [{"object": "embedding", "embedding": [0.25] * 1024, "index": 0}],
                "usage": {"prompt_tokens": 2, "total_tokens": 2, "completion_tokens": 0},
            }
        ),
        seams=seams("embeddings", "Embeddings", "create"),
        attributes={
            "gen_ai.operation.name": "embeddings",
            "gen_ai.request.model": "mistral-embed",
            "gen_ai.embeddings.dimension.count": 1024,
            "gen_ai.usage.input_tokens": 2,
        },
        output=None,
    ),
]
