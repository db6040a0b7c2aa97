"""Ollama's operations for the contract, with answers in its API's own form."""

import json
from dataclasses import replace
from typing import Any

import httpx
import ollama

from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply, Wire

HEADERS = {"authorization": "Bearer ollama-contract-secret"}
MODEL = "llama3.2:3b"
QUESTION = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is Oslo?"}]
COUNTS = {
    "total_duration": 174560334,
    "load_duration": 101397084,
    "prompt_eval_count": 20,
    "prompt_eval_duration": 13074791,
    "eval_count": 9,
    "eval_duration": 52479709,
}
HEAD = {"model": MODEL, "created_at": "2026-07-12T22:19:45.192325Z"}
ANSWER = "In Norway, of course."
CHAT_BODY = {
    **HEAD,
    "message": {"role": "assistant", "content": ANSWER},
    "done": True,
    "done_reason": "stop",
    **COUNTS,
}
GENERATED_BODY = {
    **HEAD,
    "response": ANSWER,
    "done": True,
    "done_reason": "stop",
    "context": [1, 2],
    **COUNTS,
}
TEXTS = ("In ", "Norway", ", of", " course.")
CALL = {
    "gen_ai.provider.name": "ollama",
    "gen_ai.request.model": MODEL,
    "gen_ai.response.model": MODEL,
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.output_tokens": 9,
    "server.address": "127.0.0.1",
    "server.port": 11434,
}
CHAT = {"gen_ai.operation.name": "chat", **CALL}
STREAMED = {"gen_ai.request.stream": True, "watchkeeper.stream.state": "complete"}


def build(wire: Wire) -> Any:
    return ollama.Client(headers=HEADERS, transport=wire.client()._transport)


def build_async(wire: Wire) -> Any:
    return ollama.AsyncClient(headers=HEADERS, transport=wire.async_client()._transport)


def lines(*bodies: dict[str, Any]) -> tuple[bytes, ...]:
    return tuple(json.dumps(body).encode() + b"\n" for body in bodies)


def chat_chunk(**said: Any) -> dict[str, Any]:
    return {**HEAD, "message": {"role": "assistant", "content": "", **said}, "done": False}


CHAT_CHUNKS = [
    *(chat_chunk(content=text) for text in TEXTS),
    {**CHAT_BODY, "message": {"role": "assistant", "content": ""}},
]
GENERATED_CHUNKS = [
    *({**HEAD, "response": text, "done": False} for text in TEXTS),
    {**GENERATED_BODY, "response": ""},
]


def ask(client: Any, **more: Any) -> Any:
    return client.chat(model=MODEL, messages=QUESTION, options={"temperature": 0.5}, **more)


def generate(client: Any, **more: Any) -> Any:
    return client.generate(model=MODEL, prompt="Where is Oslo?", system="Be brief.", **more)


def methods(name: str) -> tuple[str, ...]:
    return f"ollama:Client.{name}", f"ollama:AsyncClient.{name}"


CHAT_SUBJECT = Subject(
    name="ollama.chat",
    faces_faults=False,
    http=lambda: httpx,
    build=build,
    build_async=build_async,
    call=ask,
    reply=Reply(CHAT_BODY),
    seams=("ollama._client:Client._request", "ollama._client:AsyncClient._request"),
    methods=methods("chat"),
    attributes={**CHAT, "gen_ai.request.temperature": 0.5},
    output=ANSWER,
    failure=Reply({"error": "slow down"}, status=429),
    failure_type="ollama._types.ResponseError",
)
GENERATE_SUBJECT = replace(
    CHAT_SUBJECT,
    name="ollama.generate",
    call=generate,
    reply=Reply(GENERATED_BODY),
    methods=methods("generate"),
    attributes={"gen_ai.operation.name": "text_completion", **CALL},
)
EMBED_SUBJECT = replace(
    CHAT_SUBJECT,
    name="ollama.embed",
    call=lambda client: client.embed(model="all-minilm", input=["Oslo", "Bergen"]),
    reply=Reply(
        {
            "model": "all-minilm",
            "embeddings": [[0.25] * 384] * 2,
            "total_duration": 14143917,
            "prompt_eval_count": 8,
        }
    ),
    methods=methods("embed"),
    attributes={
        "gen_ai.operation.name": "embeddings",
        "gen_ai.request.model": "all-minilm",
        "gen_ai.response.model": "all-minilm",
        "gen_ai.embeddings.dimension.count": 384,
        "gen_ai.usage.input_tokens": 8,
    },
    output=None,
)
SUBJECTS = [
    CHAT_SUBJECT,
    replace(
        CHAT_SUBJECT,
        name="ollama.chat.stream",
        faces_faults=True,
        call=lambda client: ask(client, stream=True),
        reply=Reply(chunks=lines(*CHAT_CHUNKS), content_type="application/x-ndjson"),
        attributes={**CHAT, **STREAMED},
        partial_output="In Norway",
    ),
    replace(
        GENERATE_SUBJECT,
        name="ollama.generate.stream",
        call=lambda client: generate(client, stream=True),
        reply=Reply(chunks=lines(*GENERATED_CHUNKS), content_type="application/x-ndjson"),
        attributes={**GENERATE_SUBJECT.attributes, **STREAMED},
        partial_output="In Norway",
    ),
    EMBED_SUBJECT,
]
