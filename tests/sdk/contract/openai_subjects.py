"""OpenAI's operations for the contract, with answers in the API's own form."""

from dataclasses import replace
from typing import Any

import openai
from openai import _base_client

from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply, Wire, events

SERVER = {
    "api_key": "sk-contract-secret-0123456789",
    "base_url": "https://api.openai.com/v1",
    "max_retries": 0,
}
QUESTION = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is Oslo?"}]
USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 9,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 3},
}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "gpt-4o-2024-08-06",
    "service_tier": "default",
    "system_fingerprint": "fp_1",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "In Norway, of course."},
        }
    ],
    "usage": USAGE,
}
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.model": "gpt-4o-2024-08-06",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.output_tokens": 9,
    "gen_ai.usage.cache_read.input_tokens": 4,
    "gen_ai.usage.reasoning.output_tokens": 3,
    "server.address": "api.openai.com",
    "server.port": 443,
}


def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    head = {key: COMPLETION[key] for key in ("id", "created", "model", "system_fingerprint")}
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {**head, "object": "chat.completion.chunk", "choices": [choice], "usage": None}


CHUNKS = [
    chunk({"role": "assistant", "content": ""}),
    *(chunk({"content": text}) for text in ("In ", "Norway", ", of", " course.")),
    chunk({}, "stop"),
    {**chunk({}), "choices": [], "usage": USAGE},
]
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1700000000,
    "model": "gpt-4o-2024-08-06",
    "status": "completed",
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "output": [
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "In Norway, of course.", "annotations": []}],
        }
    ],
    "usage": {
        "input_tokens": 20,
        "output_tokens": 9,
        "total_tokens": 29,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 3},
    },
}


def text_delta(text: str, number: int) -> dict[str, Any]:
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
    return {"type": "response.output_text.delta", "delta": text, "sequence_number": number, **place}


RESPONSE_EVENTS = [
    {
        "type": "response.created",
        "sequence_number": 0,
        "response": {**RESPONSE, "status": "in_progress", "output": [], "usage": None},
    },
    {
        "type": "response.output_item.added",
        "sequence_number": 1,
        "output_index": 0,
        "item": {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        },
    },
    {
        "type": "response.content_part.added",
        "sequence_number": 2,
        "item_id": "msg_1",
        "output_index": 0,
        "content_index": 0,
        "part": {"type": "output_text", "text": "", "annotations": []},
    },
    *(text_delta(text, number) for number, text in enumerate(("In ", "Norway", ", of", " course."), 3)),
    {"type": "response.completed", "sequence_number": 7, "response": RESPONSE},
]


def http() -> Any:
    """The HTTP library that the installed client is built on."""
    return getattr(_base_client, "httpx2", None) or _base_client.httpx


def build(wire: Wire) -> Any:
    return openai.OpenAI(**SERVER, http_client=wire.client())


def build_async(wire: Wire) -> Any:
    return openai.AsyncOpenAI(**SERVER, http_client=wire.async_client())


def ask(client: Any, **more: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o", messages=QUESTION, temperature=0.5, **more)


CHAT_SUBJECT = Subject(
    name="openai.chat",
    http=http,
    build=build,
    build_async=build_async,
    call=ask,
    reply=Reply(COMPLETION),
    seams=("openai._base_client:SyncAPIClient.request", "openai._base_client:AsyncAPIClient.request"),
    attributes={**CHAT, "gen_ai.request.temperature": 0.5, "openai.response.system_fingerprint": "fp_1"},
    output="In Norway, of course.",
    failure_type="openai.RateLimitError",
)
STREAM_REPLY = Reply(chunks=(*events(*CHUNKS), b"data: [DONE]\n\n"), content_type="text/event-stream")
SUBJECTS = [
    CHAT_SUBJECT,
    replace(
        CHAT_SUBJECT,
        name="openai.chat.stream",
        call=lambda client: ask(client, stream=True, stream_options={"include_usage": True}),
        reply=STREAM_REPLY,
        attributes={**CHAT, "gen_ai.request.stream": True, "watchkeeper.stream.state": "complete"},
        partial_output="In ",
    ),
    replace(
        CHAT_SUBJECT,
        name="openai.responses",
        faces_faults=False,
        call=lambda client: client.responses.create(
            model="gpt-4o", input="Where is Oslo?", instructions="Be brief."
        ),
        reply=Reply(RESPONSE),
        attributes={**CHAT, "openai.api.type": "responses"},
    ),
    replace(
        CHAT_SUBJECT,
        name="openai.responses.stream",
        faces_faults=False,
        call=lambda client: client.responses.create(model="gpt-4o", input="Where is Oslo?", stream=True),
        reply=Reply(chunks=events(*RESPONSE_EVENTS, is_named=True), content_type="text/event-stream"),
        attributes={**CHAT, "gen_ai.request.stream": True, "watchkeeper.stream.state": "complete"},
        partial_output="In ",
        partial_chunks=4,
    ),
    replace(
        CHAT_SUBJECT,
        name="openai.embeddings",
        faces_faults=False,
        call=lambda client: client.embeddings.create(
            model="text-embedding-3-small", input=["Oslo"], encoding_format="float"
        ),
        reply=Reply(
            {
                "object": "list",
                "model": "text-embedding-3-small",
                "data": [{"object": "embedding", "index": 0, "embedding": [0.25] * 512}],
                "usage": {"prompt_tokens": 2, "total_tokens": 2},
            }
        ),
        attributes={
            "gen_ai.operation.name": "embeddings",
            "gen_ai.embeddings.dimension.count": 512,
            "gen_ai.request.encoding_formats": ["float"],
            "gen_ai.usage.input_tokens": 2,
        },
        output=None,
    ),
    replace(
        CHAT_SUBJECT,
        name="openai.images",
        faces_faults=False,
        call=lambda client: client.images.generate(model="gpt-image-1", prompt="A fjord"),
        reply=Reply(
            {
                "created": 1700000000,
                "data": [{"b64_json": "iVBORw0KGgo="}],
                "usage": {
                    "input_tokens": 5,
                    "output_tokens": 1056,
                    "total_tokens": 1061,
                    "input_tokens_details": {"text_tokens": 5, "image_tokens": 0},
                },
            }
        ),
        attributes={
            "gen_ai.operation.name": "generate_content",
            "gen_ai.output.type": "image",
            "gen_ai.usage.output_tokens": 1056,
        },
        output="image/png",
    ),
    replace(
        CHAT_SUBJECT,
        name="openai.speech",
        call=lambda client: client.audio.speech.create(model="tts-1", voice="alloy", input="Oslo"),
        reply=Reply(b"ID3-some-sound", content_type="audio/mpeg"),
        attributes={"gen_ai.output.type": "speech", "gen_ai.request.model": "tts-1"},
        output="sha256",
    ),
    replace(
        CHAT_SUBJECT,
        name="openai.transcriptions",
        faces_faults=False,
        call=lambda client: client.audio.transcriptions.create(
            model="whisper-1", file=("oslo.mp3", b"ID3-some-sound", "audio/mpeg")
        ),
        reply=Reply({"text": "Oslo, please."}),
        attributes={"gen_ai.request.model": "whisper-1", "gen_ai.output.type": "text"},
        output="Oslo, please.",
    ),
    replace(
        CHAT_SUBJECT,
        name="openai.moderations",
        faces_faults=False,
        call=lambda client: client.moderations.create(model="omni-moderation-latest", input="Oslo"),
        reply=Reply({"id": "modr-1", "model": "omni-moderation-latest", "results": [{"flagged": True}]}),
        attributes={"gen_ai.operation.name": "moderation", "openai.moderation.flagged": True},
        output=None,
    ),
    replace(
        CHAT_SUBJECT,
        name="openai.completions",
        faces_faults=False,
        call=lambda client: client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Oslo is"),
        reply=Reply(
            {
                "id": "cmpl-1",
                "object": "text_completion",
                "created": 1700000000,
                "model": "gpt-3.5-turbo-instruct",
                "choices": [{"index": 0, "text": " in Norway.", "finish_reason": "length", "logprobs": None}],
                "usage": {"prompt_tokens": 3, "completion_tokens": 3, "total_tokens": 6},
            }
        ),
        attributes={"gen_ai.operation.name": "text_completion", "gen_ai.response.finish_reasons": ["length"]},
        output=" in Norway.",
    ),
]
