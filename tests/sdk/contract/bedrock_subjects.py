"""Bedrock's operations for the contract, through the real ``boto3``."""

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

from tests.sdk.contract.bedrock_wire import BedrockWire, event
from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
HEADERS = {
    "x-amzn-requestid": "request-1",
    "x-amzn-bedrock-input-token-count": "16",
    "x-amzn-bedrock-output-token-count": "9",
    "x-amzn-bedrock-cache-read-input-token-count": "4",
    "x-amzn-bedrock-cache-write-input-token-count": "0",
}
USAGE = {
    "inputTokens": 16,
    "outputTokens": 9,
    "totalTokens": 29,
    "cacheReadInputTokens": 4,
    "cacheWriteInputTokens": 0,
}
CONVERSED = {
    "output": {"message": {"role": "assistant", "content": [{"text": "In Norway, of course."}]}},
    "stopReason": "end_turn",
    "usage": USAGE,
    "metrics": {"latencyMs": 551},
}
TEXTS = ("In ", "Norway", ", of", " course.")
PADDING = "abcdefghijklmnop"
CONVERSED_EVENTS = (
    event("messageStart", {"p": PADDING, "role": "assistant"}),
    *(
        event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}, "p": PADDING})
        for text in TEXTS
    ),
    event("contentBlockStop", {"contentBlockIndex": 0, "p": PADDING}),
    event("messageStop", {"p": PADDING, "stopReason": "end_turn"}),
    event("metadata", {"metrics": {"latencyMs": 551}, "p": PADDING, "usage": USAGE}),
)
CLAUDE = {
    "id": "msg_bdrk_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [{"type": "text", "text": "In Norway, of course."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 16,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 4,
        "output_tokens": 9,
    },
}


def piece(body: Any) -> bytes:
    """A chunk of a streamed invocation."""
    return event("chunk", {"bytes": b64encode(json.dumps(body).encode()).decode(), "p": PADDING})


CLAUDE_EVENTS = (
    piece({"type": "message_start", "message": {**CLAUDE, "content": [], "stop_reason": None}}),
    piece({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    *(
        piece({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
        for text in TEXTS
    ),
    piece({"type": "content_block_stop", "index": 0}),
    piece({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}),
    piece(
        {
            "type": "message_stop",
            "amazon-bedrock-invocationMetrics": {
                "inputTokenCount": 16,
                "outputTokenCount": 9,
                "invocationLatency": 551,
                "firstByteLatency": 330,
            },
        }
    ),
)
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "aws.bedrock",
    "gen_ai.request.model": MODEL,
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.output_tokens": 9,
    "gen_ai.usage.cache_read.input_tokens": 4,
    "server.address": "bedrock-runtime.us-east-1.amazonaws.com",
}
QUESTION = [{"role": "user", "content": [{"text": "Where is Oslo?"}]}]
CONVERSATION: dict[str, Any] = {
    "modelId": MODEL,
    "system": [{"text": "Be brief."}],
    "messages": QUESTION,
    "inferenceConfig": {"maxTokens": 100, "temperature": 0.5},
}
INVOCATION: dict[str, Any] = {
    "modelId": MODEL,
    "body": json.dumps(
        {
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 100,
            "messages": [{"role": "user", "content": "Where is Oslo?"}],
        }
    ),
}


CONVERSE_SUBJECT = Subject(
    name="bedrock.converse",
    http=lambda: HEADERS,
    wire_type=BedrockWire,
    build=lambda wire: wire.bedrock(),
    build_async=None,
    call=lambda client: client.converse(**CONVERSATION),
    reply=Reply(CONVERSED),
    seams=("botocore.client:BaseClient._make_api_call",),
    attributes={**CHAT, "gen_ai.request.temperature": 0.5, "gen_ai.request.max_tokens": 100},
    output="In Norway, of course.",
    failure=Reply({"message": "slow down"}, status=429),
    failure_type="botocore.exceptions.ClientError",
)
STREAM_SUBJECT = replace(
    CONVERSE_SUBJECT,
    name="bedrock.converse_stream",
    call=lambda client: client.converse_stream(**CONVERSATION),
    open=lambda result: result["stream"],
    reply=Reply(chunks=CONVERSED_EVENTS, content_type="application/vnd.amazon.eventstream"),
    attributes={**CHAT, "gen_ai.request.stream": True, "watchkeeper.stream.state": "complete"},
    partial_output="In ",
)
INVOKED = {**CHAT, "gen_ai.response.id": "msg_bdrk_1", "gen_ai.response.model": "claude-sonnet-4-5-20250929"}
SUBJECTS = [
    CONVERSE_SUBJECT,
    STREAM_SUBJECT,
    replace(
        CONVERSE_SUBJECT,
        name="bedrock.invoke_model",
        call=lambda client: client.invoke_model(**INVOCATION),
        open=lambda result: result["body"].read(),
        reply=Reply(CLAUDE),
        attributes={**INVOKED, "gen_ai.request.max_tokens": 100},
    ),
    replace(
        STREAM_SUBJECT,
        name="bedrock.invoke_model_with_response_stream",
        call=lambda client: client.invoke_model_with_response_stream(**INVOCATION),
        open=lambda result: result["body"],
        reply=Reply(chunks=CLAUDE_EVENTS, content_type="application/vnd.amazon.eventstream"),
        attributes={**INVOKED, "gen_ai.request.stream": True, "watchkeeper.stream.state": "complete"},
        partial_output="In ",
        partial_chunks=3,
    ),
]
