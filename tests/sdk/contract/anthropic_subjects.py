"""Anthropic's operations for the contract, with answers in the API's own form."""

import json
import struct
from base64 import b64encode
from dataclasses import replace
from typing import Any
from zlib import crc32

import anthropic
from anthropic import _base_client

from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply, Wire, events

SERVER = {"api_key": "sk-ant-contract-secret-0123456789", "max_retries": 0}
AWS = {
    "aws_region": "us-east-1",
    "aws_access_key": "AKIASECRETSECRET",
    "aws_secret_key": "contract-secret",
    "max_retries": 0,
}
VERTEX = {
    "region": "us-east5",
    "project_id": "fjords",
    "access_token": "ya29.contract-secret",
    "max_retries": 0,
}
QUESTION = [{"role": "user", "content": "Where is Oslo?"}]
USAGE = {
    "input_tokens": 12,
    "cache_creation_input_tokens": 6,
    "cache_read_input_tokens": 4,
    "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 5},
    "output_tokens": 9,
    "output_tokens_details": {"thinking_tokens": 3},
    "service_tier": "standard",
}
HEAD = {
    "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5-20251001",
}
MESSAGE = {
    **HEAD,
    "content": [{"type": "text", "text": "In Norway, of course."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-haiku-4-5",
    "gen_ai.request.max_tokens": 64,
    "gen_ai.response.model": "claude-haiku-4-5-20251001",
    "gen_ai.response.id": "msg_01XFDUDYJgAACzvnptvVoYEL",
    "gen_ai.response.finish_reasons": ["stop"],
    "anthropic.message.stop_reason": "end_turn",
    "anthropic.response.service_tier": "standard",
    "gen_ai.usage.input_tokens": 22,
    "gen_ai.usage.output_tokens": 9,
    "gen_ai.usage.cache_read.input_tokens": 4,
    "gen_ai.usage.cache_write.input_tokens": 6,
    "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 5,
    "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": 1,
    "gen_ai.usage.reasoning.output_tokens": 3,
    "server.address": "api.anthropic.com",
    "server.port": 443,
}


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of one content block."""
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def text_block(index: int, *texts: str) -> list[dict[str, Any]]:
    deltas = ({"type": "text_delta", "text": text} for text in texts)
    return block(index, {"type": "text", "text": ""}, *deltas)


def streamed(*blocks: list[dict[str, Any]], reason: str = "end_turn", **end: Any) -> list[dict[str, Any]]:
    """The events of a whole message, as the API sends them."""
    start = {
        **HEAD,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {key: value for key, value in USAGE.items() if key != "output_tokens_details"}
        | {"output_tokens": 1},
    }
    totals = {
        key: USAGE[key] for key in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    }
    ended = {"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 3}}
    return [
        {"type": "message_start", "message": start},
        *(event for events_of_block in blocks for event in events_of_block),
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None, **end},
            "usage": {**totals, **ended},
        },
        {"type": "message_stop"},
    ]


def stream_reply(*bodies: dict[str, Any]) -> Reply:
    start, first, *others = events(*bodies, is_named=True)
    ping = b'event: ping\ndata: {"type": "ping"}\n\n'
    return Reply(chunks=(start, first, ping, *others), content_type="text/event-stream; charset=utf-8")


EVENTS = streamed(text_block(0, "In ", "Norway", ", of", " course."))
STREAM_REPLY = stream_reply(*EVENTS)


def aws_events(*bodies: dict[str, Any]) -> tuple[bytes, ...]:
    """The same in Amazon's framing: lengths, headers, checksums."""
    return tuple(map(_aws_event, bodies))


def _aws_event(body: dict[str, Any]) -> bytes:
    named = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in named.items()
    )
    payload = json.dumps({"bytes": b64encode(json.dumps(body).encode()).decode()}).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return message + struct.pack(">I", crc32(message))


def http() -> Any:
    """The HTTP library that the installed client is built on."""
    return getattr(_base_client, "httpx2", None) or _base_client.httpx


def build(wire: Wire) -> Any:
    return anthropic.Anthropic(**SERVER, http_client=wire.client())


def build_async(wire: Wire) -> Any:
    return anthropic.AsyncAnthropic(**SERVER, http_client=wire.async_client())


def ask(client: Any, **more: Any) -> Any:
    asked = {"model": "claude-haiku-4-5", "max_tokens": 64, "messages": QUESTION, **more}
    return client.messages.create(**asked)


MESSAGE_SUBJECT = Subject(
    name="anthropic.messages",
    http=http,
    build=build,
    build_async=build_async,
    call=lambda client: ask(client, system="Be brief.", stop_sequences=["END"]),
    reply=Reply(MESSAGE),
    seams=("anthropic._base_client:SyncAPIClient.request", "anthropic._base_client:AsyncAPIClient.request"),
    attributes={**CHAT, "gen_ai.request.stop_sequences": ["END"]},
    output="In Norway, of course.",
    failure=Reply(
        {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}, status=429
    ),
    failure_type="anthropic.RateLimitError",
)
STREAM_SUBJECT = replace(
    MESSAGE_SUBJECT,
    name="anthropic.messages.stream",
    call=lambda client: ask(client, stream=True),
    reply=STREAM_REPLY,
    attributes={**CHAT, "gen_ai.request.stream": True, "watchkeeper.stream.state": "complete"},
    partial_output="In ",
    partial_chunks=3,
)
BEDROCK_SUBJECT = replace(
    MESSAGE_SUBJECT,
    name="anthropic.bedrock",
    faces_faults=False,
    build=lambda wire: anthropic.AnthropicBedrock(**AWS, http_client=wire.client()),
    build_async=lambda wire: anthropic.AsyncAnthropicBedrock(**AWS, http_client=wire.async_client()),
    call=lambda client: ask(client, model="anthropic.claude-haiku-4-5-20251001-v1:0"),
    attributes={
        **CHAT,
        "gen_ai.provider.name": "aws.bedrock",
        "gen_ai.request.model": "anthropic.claude-haiku-4-5-20251001-v1:0",
        "server.address": "bedrock-runtime.us-east-1.amazonaws.com",
    },
)
VERTEX_SUBJECT = replace(
    MESSAGE_SUBJECT,
    name="anthropic.vertex",
    faces_faults=False,
    build=lambda wire: anthropic.AnthropicVertex(**VERTEX, http_client=wire.client()),
    build_async=lambda wire: anthropic.AsyncAnthropicVertex(**VERTEX, http_client=wire.async_client()),
    call=lambda client: ask(client, model="claude-haiku-4-5@20251001"),
    attributes={
        **CHAT,
        "gen_ai.provider.name": "gcp.vertex_ai",
        "gen_ai.request.model": "claude-haiku-4-5@20251001",
        "server.address": "us-east5-aiplatform.googleapis.com",
    },
)
SUBJECTS = [
    MESSAGE_SUBJECT,
    STREAM_SUBJECT,
    replace(
        MESSAGE_SUBJECT,
        name="anthropic.beta.messages",
        faces_faults=False,
        call=lambda client: client.beta.messages.create(
            model="claude-haiku-4-5", max_tokens=64, messages=QUESTION, betas=["output-128k-2025-02-19"]
        ),
        attributes=CHAT,
    ),
    BEDROCK_SUBJECT,
    replace(
        BEDROCK_SUBJECT,
        name="anthropic.bedrock.stream",
        call=lambda client: ask(client, model="anthropic.claude-haiku-4-5-20251001-v1:0", stream=True),
        reply=Reply(chunks=aws_events(*EVENTS), content_type="application/vnd.amazon.eventstream"),
        partial_output="In ",
        partial_chunks=3,
    ),
    VERTEX_SUBJECT,
    replace(
        VERTEX_SUBJECT,
        name="anthropic.vertex.stream",
        call=lambda client: ask(client, model="claude-haiku-4-5@20251001", stream=True),
        reply=STREAM_REPLY,
        partial_output="In ",
        partial_chunks=3,
    ),
    replace(
        MESSAGE_SUBJECT,
        name="anthropic.batches",
        faces_faults=False,
        call=lambda client: client.messages.batches.create(
            requests=[
                {
                    "custom_id": "first",
                    "params": {"model": "claude-haiku-4-5", "max_tokens": 64, "messages": QUESTION},
                }
            ]
        ),
        reply=Reply(
            {
                "id": "msgbatch_1",
                "type": "message_batch",
                "processing_status": "in_progress",
                "request_counts": {
                    "processing": 1,
                    "succeeded": 0,
                    "errored": 0,
                    "canceled": 0,
                    "expired": 0,
                },
                "created_at": "2026-01-02T03:04:05Z",
                "expires_at": "2026-01-03T03:04:05Z",
            }
        ),
        attributes={
            "gen_ai.operation.name": "create_batch",
            "gen_ai.provider.name": "anthropic",
            "gen_ai.request.model": "claude-haiku-4-5",
            "anthropic.message.batch.id": "msgbatch_1",
            "anthropic.message.batch.request_count": 1,
            "anthropic.message.batch.processing_status": "in_progress",
        },
        output=None,
    ),
]
