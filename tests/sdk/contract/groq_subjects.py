"""Groq's operations for the contract, with answers in the API's own form."""

from dataclasses import replace
from typing import Any

import groq
from groq import _base_client

from tests.sdk.contract import openai_subjects as openai
from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply, events

SERVER = {"api_key": "gsk-contract-secret-0123456789", "max_retries": 0}
USED = {
    "prompt_tokens": 20,
    "completion_tokens": 9,
    "total_tokens": 29,
    "queue_time": 0.01,
    "total_time": 0.02,
}
USAGE = {
    **USED,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 3},
}
HEAD = {
    "id": "chatcmpl-1",
    "created": 1700000000,
    "model": "openai/gpt-oss-20b",
    "system_fingerprint": "fp_1",
}
COMPLETION = {
    **openai.COMPLETION,
    **HEAD,
    "usage": USAGE,
    "service_tier": "on_demand",
    "x_groq": {"id": "req_1", "seed": 7},
}
CHAT = {
    **openai.CHAT,
    "gen_ai.provider.name": "groq",
    "gen_ai.request.model": "openai/gpt-oss-20b",
    "gen_ai.response.model": "openai/gpt-oss-20b",
    "server.address": "api.groq.com",
}


def chunk(delta: dict[str, Any], reason: str | None = None, **own: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return {**HEAD, "object": "chat.completion.chunk", "choices": [choice], **own}


CHUNKS = [
    chunk({"role": "assistant", "content": ""}, x_groq={"id": "req_1"}),
    *(chunk({"content": text}) for text in ("In ", "Norway", ", of", " course.")),
    chunk({}, "stop", x_groq={"id": "req_1", "usage": USAGE}),
]


def http() -> Any:
    return _base_client.httpx


def ask(client: Any, **more: Any) -> Any:
    return client.chat.completions.create(model="openai/gpt-oss-20b", messages=openai.QUESTION, **more)


CHAT_SUBJECT = Subject(
    name="groq.chat",
    http=http,
    build=lambda wire: groq.Groq(**SERVER, http_client=wire.client()),
    build_async=lambda wire: groq.AsyncGroq(**SERVER, http_client=wire.async_client()),
    call=ask,
    reply=Reply(COMPLETION),
    seams=("groq._base_client:SyncAPIClient.request", "groq._base_client:AsyncAPIClient.request"),
    attributes=CHAT,
    output="In Norway, of course.",
    failure_type="groq.RateLimitError",
)
STREAM_REPLY = Reply(chunks=(*events(*CHUNKS), b"data: [DONE]\n\n"), content_type="text/event-stream")
SUBJECTS = [
    CHAT_SUBJECT,
    replace(
        CHAT_SUBJECT,
        name="groq.chat.stream",
        call=lambda client: ask(client, stream=True),
        reply=STREAM_REPLY,
        attributes={**CHAT, "gen_ai.request.stream": True, "watchkeeper.stream.state": "complete"},
        partial_output="In ",
    ),
    replace(
        CHAT_SUBJECT,
        name="groq.transcriptions",
        faces_faults=False,
        call=lambda client: client.audio.transcriptions.create(
            model="whisper-large-v3", file=("oslo.mp3", b"ID3-some-sound", "audio/mpeg")
        ),
        reply=Reply({"text": "Oslo, please.", "x_groq": {"id": "req_1"}}),
        attributes={"gen_ai.request.model": "whisper-large-v3", "gen_ai.output.type": "text"},
        output="Oslo, please.",
    ),
    replace(
        CHAT_SUBJECT,
        name="groq.speech",
        faces_faults=False,
        call=lambda client: client.audio.speech.create(
            model="playai-tts", voice="Fritz-PlayAI", input="Oslo"
        ),
        reply=Reply(b"RIFF-some-sound", content_type="audio/wav"),
        attributes={"gen_ai.request.model": "playai-tts", "gen_ai.output.type": "speech"},
        output="sha256",
    ),
]
