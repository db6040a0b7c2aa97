"""A server that answers as OpenAI's and Anthropic's APIs do, offline.

Clients reach it as their proxy: they ask for ``http://api.openai.com/…`` and the request comes here, so that
what they record names the provider they were made for. Every hour OpenAI's rate limit is reached for some
seconds, which is no reason to wake anybody, and Anthropic is down for a minute and a half, which is.
"""

import asyncio
import base64
import json
import secrets
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from watchkeeper_collector.demo.live.answers import Conversation, Reply, embedding, reply

FIRST_TOKEN_S, PIECE_S = 0.35, 0.012
CYCLE_S = 3600.0
LIMITED_FROM_S, LIMITED_UNTIL_S = 720.0, 728.0
DOWN_FROM_S, DOWN_UNTIL_S = 180.0, 270.0
FILE_TOKENS = 60_000
"""Of a document that a message refers to."""
START_S = time.monotonic()
STOPS = {"stop": "stop", "length": "length", "tool": "tool_calls", "refusal": "content_filter"}
ANTHROPIC_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool": "tool_use", "refusal": "refusal"}
SERVED_AS = {
    "gpt-5": "gpt-5-2025-08-07",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "claude-haiku-4-5": "claude-haiku-4-5-20251001",
}


class AsProxy:
    """Takes requests as a proxy gets them: with the whole URL as the path."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "://" in scope["path"]:
            path = urlsplit(scope["path"]).path
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._application(scope, receive, send)


def build_application() -> ASGIApp:
    routes = [
        Route("/v1/chat/completions", complete, methods=["POST"]),
        Route("/v1beta/openai/chat/completions", complete, methods=["POST"]),
        Route("/v1/embeddings", embed, methods=["POST"]),
        Route("/v1/messages", answer, methods=["POST"]),
    ]
    return AsProxy(Starlette(routes=routes))


class ModelServer:
    """``with ModelServer() as server``: listens on a free port of this machine, in a thread."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(build_application(), log_config=None, lifespan="off", http="h11", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def __enter__(self) -> "ModelServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(5)
        self._socket.close()


async def complete(request: Request) -> Response:
    """OpenAI's chat completions."""
    if _is_within(LIMITED_FROM_S, LIMITED_UNTIL_S):
        message = "Rate limit reached for requests per minute."
        error = {"message": message, "type": "requests", "code": "rate_limit_exceeded"}
        return JSONResponse({"error": error}, 429, {"retry-after-ms": "400"})
    body = await request.json()
    conversation = _read_chat(body)
    said = reply(conversation)
    await asyncio.sleep(FIRST_TOKEN_S)
    head = {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "created": int(time.time()),
        "model": SERVED_AS.get(body["model"], body["model"]),
    }
    usage = _openai_usage(conversation, said)
    if body.get("stream"):
        return StreamingResponse(_chat_events(head, said, usage), media_type="text/event-stream")
    choice = {"index": 0, "message": _chat_message(said), "finish_reason": STOPS[said.reason]}
    return JSONResponse({**head, "object": "chat.completion", "choices": [choice], "usage": usage})


async def embed(request: Request) -> Response:
    """OpenAI's embeddings."""
    body = await request.json()
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    vectors = [embedding(text, int(body.get("dimensions") or 256)) for text in texts]
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(vector, body.get("encoding_format"))}
        for index, vector in enumerate(vectors)
    ]
    tokens = sum(2 + len(text) // 4 for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return JSONResponse({"object": "list", "model": body["model"], "data": data, "usage": usage})


async def answer(request: Request) -> Response:
    """Anthropic's messages."""
    if _is_within(DOWN_FROM_S, DOWN_UNTIL_S):
        overloaded = {"type": "overloaded_error", "message": "Overloaded"}
        return JSONResponse({"type": "error", "error": overloaded}, 529)
    body = await request.json()
    conversation = _read_messages(body)
    said = reply(conversation)
    await asyncio.sleep(FIRST_TOKEN_S)
    cached = conversation.tokens // 128 * 128 if len(conversation.messages) > 1 else 0
    message = {
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": SERVED_AS.get(body["model"], body["model"]),
        "content": _blocks(said),
        "stop_reason": ANTHROPIC_STOPS[said.reason],
        "stop_sequence": None,
        "usage": {
            "input_tokens": conversation.tokens - cached,
            "cache_read_input_tokens": cached,
            "cache_creation_input_tokens": 0,
            "output_tokens": said.tokens,
        },
    }
    if body.get("stream"):
        return StreamingResponse(_message_events(message, said), media_type="text/event-stream")
    return JSONResponse(message)


def _is_within(from_s: float, until_s: float) -> bool:
    """Whether that part of the cycle is now."""
    return from_s <= (time.monotonic() - START_S) % CYCLE_S < until_s


def _read_chat(body: Mapping[str, Any]) -> Conversation:
    messages = [(m["role"], str(m.get("content") or "")) for m in body["messages"]]
    system = next((text for role, text in messages if role == "system"), "")
    tools = [tool["function"]["name"] for tool in body.get("tools") or ()]
    parts = [p for m in body["messages"] if isinstance(m.get("content"), list) for p in m["content"]]
    documents = sum(part.get("type") == "file" for part in parts)
    talk = [message for message in messages if message[0] != "system"]
    return Conversation(system, talk, tools, FILE_TOKENS * documents)


def _read_messages(body: Mapping[str, Any]) -> Conversation:
    messages = []
    for message in body["messages"]:
        content = message["content"]
        is_result = not isinstance(content, str) and any(b["type"] == "tool_result" for b in content)
        text = content if isinstance(content, str) else json.dumps(content)
        messages.append(("tool" if is_result else message["role"], text))
    return Conversation(body.get("system", ""), messages, [t["name"] for t in body.get("tools") or ()])


def _chat_message(said: Reply) -> dict[str, Any]:
    if said.reason != "tool":
        return {"role": "assistant", "content": said.text}
    function = {"name": said.tool, "arguments": json.dumps(said.arguments)}
    call = {"id": f"call_{secrets.token_hex(6)}", "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _openai_usage(conversation: Conversation, said: Reply) -> dict[str, Any]:
    cached = conversation.tokens // 128 * 128 if len(conversation.messages) > 1 else 0
    return {
        "prompt_tokens": conversation.tokens,
        "completion_tokens": said.tokens,
        "total_tokens": conversation.tokens + said.tokens,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def _blocks(said: Reply) -> list[dict[str, Any]]:
    if said.reason != "tool":
        return [{"type": "text", "text": said.text}]
    return [
        {
            "type": "tool_use",
            "id": f"toolu_{secrets.token_hex(6)}",
            "name": said.tool,
            "input": said.arguments,
        }
    ]


def _encoded(vector: list[float], encoding: str | None) -> Any:
    if encoding != "base64":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


async def _chat_events(
    head: Mapping[str, Any], said: Reply, usage: Mapping[str, Any]
) -> AsyncIterator[bytes]:
    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        return _event({**head, "object": "chat.completion.chunk", "choices": choices})

    yield chunk({"role": "assistant", "content": ""})
    for piece in said.pieces:
        await asyncio.sleep(PIECE_S)
        yield chunk({"content": piece})
    yield chunk({}, STOPS[said.reason])
    yield _event({**head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


async def _message_events(message: Mapping[str, Any], said: Reply) -> AsyncIterator[bytes]:
    usage = message["usage"]
    start = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    yield _named("message_start", {"message": start})
    yield _named("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})
    for piece in said.pieces:
        await asyncio.sleep(PIECE_S)
        yield _named("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": piece}})
    yield _named("content_block_stop", {"index": 0})
    delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield _named("message_delta", {"delta": delta, "usage": {"output_tokens": said.tokens}})
    yield _named("message_stop", {})


def _event(content: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(content)}\n\n".encode()


def _named(name: str, content: Mapping[str, Any]) -> bytes:
    return f"event: {name}\n".encode() + _event({"type": name, **content})
