"""A server that answers as each provider does: the first word of the path says which, and is in the base URL
that a client is given.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.sdk.contract import (
    anthropic_subjects,
    azure_subjects,
    bedrock_subjects,
    cohere_subjects,
    google_subjects,
    groq_subjects,
    huggingface_subjects,
    ollama_subjects,
    openai_subjects,
    together_subjects,
)

ANSWERS: Mapping[str, Any] = {
    "openai-responses": openai_subjects.RESPONSE,
    "openai": openai_subjects.COMPLETION,
    "anthropic": anthropic_subjects.MESSAGE,
    "gemini": google_subjects.answer("In Norway, of course."),
    "bedrock": bedrock_subjects.CONVERSED,
    "azure": azure_subjects.COMPLETION,
    "groq": groq_subjects.COMPLETION,
    "cohere": cohere_subjects.TURN_BODY,
    "mistral": openai_subjects.COMPLETION,
    "huggingface": huggingface_subjects.COMPLETION,
    "together": together_subjects.COMPLETION,
    "ollama": ollama_subjects.CHAT_BODY,
}


@contextmanager
def serving() -> Iterator[str]:
    """The server's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """It closes each connection, since programs of a page close no client."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        provider = self.path.split("/")[1]
        answer = ANSWERS["openai-responses" if self.path.endswith("/responses") else provider]
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass
