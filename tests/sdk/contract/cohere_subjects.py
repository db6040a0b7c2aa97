"""Cohere's operations for the contract, of both forms of its API, with answers as it gives them."""

import json
from dataclasses import replace
from typing import Any

import cohere
import httpx

from tests.sdk.contract import openai_subjects as openai
from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply, Wire, events

KEY = "cohere-contract-secret-0123456789"
MODEL = "command-a-03-2025"
ANSWER = "In Norway, of course."
TEXTS = ("In ", "Norway", ", of", " course.")
BILLED = {"input_tokens": 20, "output_tokens": 9}
USAGE = {"billed_units": BILLED, "tokens": {"input_tokens": 215, "output_tokens": 11}, "cached_tokens": 16}
CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "cohere",
    "gen_ai.request.model": MODEL,
    "gen_ai.response.id": "resp-1",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.output_tokens": 9,
    "gen_ai.usage.cache_read.input_tokens": 16,
    "server.address": "api.cohere.com",
    "server.port": 443,
}
STREAMED = {"gen_ai.request.stream": True, "watchkeeper.stream.state": "complete"}
TURN_BODY = {
    "id": "resp-1",
    "message": {"role": "assistant", "content": [{"type": "text", "text": ANSWER}]},
    "finish_reason": "COMPLETE",
    "usage": USAGE,
}
PROMPT_BODY = {
    "response_id": "resp-1",
    "generation_id": "gen-1",
    "text": ANSWER,
    "chat_history": [],
    "finish_reason": "COMPLETE",
    "meta": {"api_version": {"version": "1"}, **USAGE},
}


def build(wire: Wire) -> Any:
    return cohere.ClientV2(KEY, httpx_client=wire.client())


def build_async(wire: Wire) -> Any:
    return cohere.AsyncClientV2(KEY, httpx_client=wire.async_client())


def build_first(wire: Wire) -> Any:
    return cohere.Client(KEY, httpx_client=wire.client())


def build_first_async(wire: Wire) -> Any:
    return cohere.AsyncClient(KEY, httpx_client=wire.async_client())


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, **more}


def delta(content: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return event("content-delta", index=index, delta={"message": {"content": content}})


TURN_EVENTS = [
    event(
        "message-start", id="resp-1", delta={"message": {"role": "assistant", "content": [], "tool_plan": ""}}
    ),
    event("content-start", index=0, delta={"message": {"content": {"type": "text", "text": ""}}}),
    *(delta({"text": text}) for text in TEXTS),
    event("content-end", index=0),
    event("message-end", delta={"finish_reason": "COMPLETE", "usage": USAGE}),
]
PROMPT_EVENTS = [
    {"event_type": "stream-start", "generation_id": "gen-1", "is_finished": False},
    *({"event_type": "text-generation", "text": text, "is_finished": False} for text in TEXTS),
    {"event_type": "stream-end", "finish_reason": "COMPLETE", "response": PROMPT_BODY, "is_finished": True},
]


def lines(*bodies: dict[str, Any]) -> tuple[bytes, ...]:
    return tuple(json.dumps(body).encode() + b"\n" for body in bodies)


def stream(client: Any, **asked: Any) -> Any:
    """A stream, which the async client gives without being awaited."""
    found = client.chat_stream(model=MODEL, **asked)
    return given(found) if hasattr(found, "__anext__") else found


async def given(found: Any) -> Any:
    return found


def ask(client: Any) -> Any:
    return client.chat(model=MODEL, messages=openai.QUESTION, temperature=0.5)


def seams(version: str, name: str) -> tuple[str, ...]:
    module, client = {"1": ("raw_base_client", "RawBaseCohere"), "2": ("v2.raw_client", "RawV2Client")}[
        version
    ]
    return f"cohere.{module}:{client}.{name}", f"cohere.{module}:Async{client}.{name}"


def methods(version: str, name: str) -> tuple[str, ...]:
    module, client = {"1": ("base_client", "BaseCohere"), "2": ("v2.client", "V2Client")}[version]
    return f"cohere.{module}:{client}.{name}", f"cohere.{module}:Async{client}.{name}"


CHAT_SUBJECT = Subject(
    name="cohere.chat",
    faces_faults=False,
    http=lambda: httpx,
    build=build,
    build_async=build_async,
    call=ask,
    reply=Reply(TURN_BODY),
    seams=seams("2", "chat"),
    methods=methods("2", "chat"),
    attributes={**CALL, "gen_ai.request.temperature": 0.5},
    output=ANSWER,
    failure=Reply({"message": "slow down"}, status=400),  # one of 429 is asked again
    failure_type="cohere.errors.bad_request_error.BadRequestError",
)
STREAM_SUBJECT = replace(
    CHAT_SUBJECT,
    name="cohere.chat.stream",
    faces_faults=True,
    call=lambda client: stream(client, messages=openai.QUESTION),
    reply=Reply(chunks=events(*TURN_EVENTS, is_named=True), content_type="text/event-stream"),
    seams=seams("2", "chat_stream"),
    methods=methods("2", "chat_stream"),
    attributes={**CALL, **STREAMED},
    partial_output="In Norway",
    partial_chunks=4,
)
FIRST_SUBJECT = replace(
    CHAT_SUBJECT,
    name="cohere.v1.chat",
    build=build_first,
    build_async=build_first_async,
    call=lambda client: client.chat(model=MODEL, message="Where is Oslo?", preamble="Be brief."),
    reply=Reply(PROMPT_BODY),
    seams=seams("1", "chat"),
    methods=methods("1", "chat"),
    attributes=CALL,
)
SUBJECTS = [
    CHAT_SUBJECT,
    STREAM_SUBJECT,
    replace(
        FIRST_SUBJECT,
        name="cohere.v1.chat.stream",
        call=lambda client: stream(client, message="Where is Oslo?"),
        reply=Reply(chunks=lines(*PROMPT_EVENTS), content_type="application/stream+json"),
        seams=seams("1", "chat_stream"),
        methods=methods("1", "chat_stream"),
        attributes={**CALL, **STREAMED},
        partial_output="In Norway",
        partial_chunks=3,
    ),
    replace(
        CHAT_SUBJECT,
        name="cohere.embed",
        call=lambda client: client.embed(
            model="embed-v4.0", texts=["Oslo"], input_type="search_query", embedding_types=["float"]
        ),
        reply=Reply(
            {
                "id": "resp-1",
                "embeddings": {"float": [[0.25] * 1536]},
                "texts": ["Oslo"],
                "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 2}},
                "response_type": "embeddings_by_type",
            }
        ),
        seams=seams("2", "embed"),
        methods=methods("2", "embed"),
        attributes={
            "gen_ai.operation.name": "embeddings",
            "gen_ai.request.model": "embed-v4.0",
            "gen_ai.embeddings.dimension.count": 1536,
            "gen_ai.usage.input_tokens": 2,
        },
        output=None,
    ),
    replace(
        CHAT_SUBJECT,
        name="cohere.rerank",
        call=lambda client: client.rerank(
            model="rerank-v3.5", query="Where is Oslo?", documents=["In Norway.", "A fjord."], top_n=2
        ),
        reply=Reply(
            {
                "id": "resp-1",
                "results": [{"index": 0, "relevance_score": 0.98}, {"index": 1, "relevance_score": 0.05}],
                "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
            }
        ),
        seams=seams("2", "rerank"),
        methods=methods("2", "rerank"),
        attributes={
            "gen_ai.operation.name": "rerank",
            "gen_ai.request.model": "rerank-v3.5",
            "gen_ai.retrieval.top_k": 2,
            "cohere.usage.search_units": 1.0,
        },
        output="0.98",
    ),
]
