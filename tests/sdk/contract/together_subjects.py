"""Together's operations for the contract, with answers in the API's own form."""

from dataclasses import replace
from typing import Any

import together
from together import _base_client

from tests.sdk.contract import openai_subjects as openai
from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply, events

SERVER = {"api_key": "contract-secret-0123456789", "max_retries": 0, "base_url": "https://api.together.ai/v1"}
MODEL = "openai/gpt-oss-20b"
USAGE = {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29}
HEAD = {"id": "nz7Rj-1", "created": 1700000000, "model": MODEL}
COMPLETION = {
    **HEAD,
    "object": "chat.completion",
    "prompt": [],
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "logprobs": None,
            "seed": 7,
            "message": {"role": "assistant", "content": "In Norway, of course.", "tool_calls": []},
        }
    ],
    "usage": USAGE,
}
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "together",
    "gen_ai.request.model": MODEL,
    "gen_ai.response.model": MODEL,
    "gen_ai.response.id": "nz7Rj-1",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.output_tokens": 9,
    "server.address": "api.together.ai",
    "server.port": 443,
}


def chunk(text: str, reason: str | None = None, usage: Any = None) -> dict[str, Any]:
    """The text stands in it twice, and the role in every one."""
    delta = {"role": "assistant", "content": text, "token_id": 637, "tool_calls": None}
    choice = {
        "index": 0,
        "text": text,
        "logprobs": None,
        "finish_reason": reason,
        "seed": None,
        "delta": delta,
    }
    return {**HEAD, "object": "chat.completion.chunk", "choices": [choice], "usage": usage}


CHUNKS = [
    chunk(""),
    chunk("In "),
    chunk("Norway"),
    chunk(", of"),
    chunk(" course."),
    chunk("", "stop", USAGE),
]


def http() -> Any:
    return _base_client.httpx


def ask(client: Any, **more: Any) -> Any:
    return client.chat.completions.create(model=MODEL, messages=openai.QUESTION, **more)


CHAT_SUBJECT = Subject(
    name="together.chat",
    http=http,
    build=lambda wire: together.Together(**SERVER, http_client=wire.client()),
    build_async=lambda wire: together.AsyncTogether(**SERVER, http_client=wire.async_client()),
    call=ask,
    reply=Reply(COMPLETION),
    seams=("together._base_client:SyncAPIClient.request", "together._base_client:AsyncAPIClient.request"),
    attributes=CHAT,
    output="In Norway, of course.",
    failure_type="together.RateLimitError",
)
SUBJECTS = [
    CHAT_SUBJECT,
    replace(
        CHAT_SUBJECT,
        name="together.chat.stream",
        call=lambda client: ask(client, stream=True),
        reply=Reply(chunks=(*events(*CHUNKS), b"data: [DONE]\n\n"), content_type="text/event-stream"),
        attributes={**CHAT, "gen_ai.request.stream": True, "watchkeeper.stream.state": "complete"},
        partial_output="In ",
    ),
    replace(
        CHAT_SUBJECT,
        name="together.completions",
        faces_faults=False,
        call=lambda client: client.completions.create(model=MODEL, prompt="Oslo is"),
        reply=Reply(
            {
                **HEAD,
                "object": "text.completion",
                "choices": [{"text": " in Norway.", "finish_reason": "length", "seed": 7}],
                "usage": USAGE,
            }
        ),
        attributes={"gen_ai.operation.name": "text_completion", "gen_ai.response.finish_reasons": ["length"]},
        output=" in Norway.",
    ),
    replace(
        CHAT_SUBJECT,
        name="together.embeddings",
        faces_faults=False,
        call=lambda client: client.embeddings.create(model="intfloat/multilingual-e5", input="Oslo"),
        reply=Reply(
            {
                "object": "list",
                "model": "intfloat/multilingual-e5",
                "data": [{"object": "embedding", "index": 0, "embedding": [0.25] * 512}],
            }
        ),
        attributes={
            "gen_ai.operation.name": "embeddings",
            "gen_ai.request.model": "intfloat/multilingual-e5",
            "gen_ai.embeddings.dimension.count": 512,
        },
        output=None,
    ),
    replace(
        CHAT_SUBJECT,
        name="together.images",
        faces_faults=False,
        call=lambda client: client.images.generate(
            model="black-forest-labs/FLUX.1-schnell", prompt="Oslo", response_format="base64"
        ),
        reply=Reply(
            {
                "id": "nz7Rj-2",
                "object": "list",
                "model": "black-forest-labs/FLUX.1-schnell",
                "data": [{"index": 0, "type": "b64_json", "b64_json": "aGVsbG8="}],
            }
        ),
        attributes={
            "gen_ai.operation.name": "generate_content",
            "gen_ai.output.type": "image",
            "gen_ai.response.model": "black-forest-labs/FLUX.1-schnell",
        },
        output="sha256",
    ),
    replace(
        CHAT_SUBJECT,
        name="together.speech",
        faces_faults=False,
        call=lambda client: client.audio.speech.create(
            model="cartesia/sonic", voice="laidback", input="Oslo"
        ),
        reply=Reply(b"RIFF-some-sound", content_type="audio/wav"),
        attributes={"gen_ai.request.model": "cartesia/sonic", "gen_ai.output.type": "speech"},
        output="sha256",
    ),
    replace(
        CHAT_SUBJECT,
        name="together.transcriptions",
        faces_faults=False,
        call=lambda client: client.audio.transcriptions.create(
            model="openai/whisper-large-v3", file=("oslo.mp3", b"ID3-some-sound", "audio/mpeg")
        ),
        reply=Reply({"text": "Oslo, please."}),
        attributes={"gen_ai.request.model": "openai/whisper-large-v3", "gen_ai.output.type": "text"},
        output="Oslo, please.",
    ),
]
