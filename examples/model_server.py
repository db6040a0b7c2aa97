"""A little model that runs on this machine, so that the examples run without a key and without a network.

It speaks OpenAI's chat completions, plain and streamed, with tools: asked about an order, it calls the tool
that takes an order's number; given a tool's result, it answers with it. It is no language model.

    python -m examples.model_server          # by itself, at http://127.0.0.1:8901/v1
"""

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = os.environ.get("EXAMPLES_MODEL", "gpt-5-mini")
PORT = 8901
PAUSE_S = 0.01
"""Between two words of a stream."""


def connect() -> dict[str, str]:
    """What OpenAI's client is given: nothing where there is a key, else the server below, in a thread."""
    if os.environ.get("OPENAI_API_KEY"):
        return {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return {"base_url": f"http://127.0.0.1:{server.server_address[1]}/v1", "api_key": "none-is-needed"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if not self.path.endswith("/chat/completions"):
            self.send_error(404)
        elif request.get("stream"):
            self._stream(request)
        else:
            self._send(json.dumps(complete(request)).encode())

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, request: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for chunk in stream(request):
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            self.wfile.flush()
            time.sleep(PAUSE_S)
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


def complete(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request for a chat completion."""
    message, reason = answer(request)
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return {**head(request, "chat.completion"), "choices": [choice], "usage": usage(request, message)}


def stream(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same in chunks: texts word by word, the rest at once."""
    message, reason = answer(request)
    words = re.findall(r"\S+\s*", message.get("content") or "")
    calls = [{"index": index, **call} for index, call in enumerate(message.get("tool_calls", []))]
    yield chunk(request, {"role": "assistant", "content": ""})
    for word in words:
        yield chunk(request, {"content": word})
    if calls:
        yield chunk(request, {"tool_calls": calls})
    yield chunk(request, {}, reason)
    if (request.get("stream_options") or {}).get("include_usage"):
        yield {**head(request, "chat.completion.chunk"), "choices": [], "usage": usage(request, message)}


def head(request: dict[str, Any], kind: str) -> dict[str, Any]:
    model = request["model"]
    dated = f"{model}-2025-08-07" if model == "gpt-5-mini" else model
    now_ns = time.time_ns()
    return {"id": f"chatcmpl-{now_ns:x}", "object": kind, "created": now_ns // 10**9, "model": dated}


def chunk(request: dict[str, Any], delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {**head(request, "chat.completion.chunk"), "choices": [choice]}


def usage(request: dict[str, Any], message: dict[str, Any]) -> dict[str, int]:
    """About four characters to a token."""
    read, written = len(json.dumps(request["messages"])) // 4, len(json.dumps(message)) // 4
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def answer(request: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The message, and why it ends."""
    last = request["messages"][-1]
    if last["role"] == "tool":
        return say(f"I looked it up: {text_of(last)}"), "stop"
    number = re.search(r"\d+", text_of(last))
    tool = find_tool(request.get("tools") or [])
    if number and tool:
        call = {"name": tool, "arguments": json.dumps({"number": int(number[0])})}
        called = {"id": f"call_{number[0]}", "type": "function", "function": call}
        return {"role": "assistant", "content": None, "tool_calls": [called]}, "tool_calls"
    return say(chat(text_of(last))), "stop"


def find_tool(tools: list[dict[str, Any]]) -> str | None:
    """The first tool that takes an order's number."""
    functions = [tool["function"] for tool in tools]
    taking = [each for each in functions if "number" in each.get("parameters", {}).get("properties", {})]
    return str(taking[0]["name"]) if taking else None


def chat(question: str) -> str:
    if "return" in question.lower():
        return "You can send anything back within 30 days, and we pay the postage."
    return f"You wrote {len(question.split())} words. Ask me about returns, or name an order by its number."


def say(content: str) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def text_of(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)


if __name__ == "__main__":
    print(f"The little model answers at http://127.0.0.1:{PORT}/v1. Ctrl-C ends it.")
    ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
