"""Laws of the readers of Mistral, Cohere, Ollama and Hugging Face: they read whatever a provider sends, and
a stream is the same answer however its chunks were kept.
"""

import json
from collections.abc import Callable
from typing import Any

import ollama
from cohere import StreamedChatResponse, V2ChatStreamResponse
from cohere.core.unchecked_base_model import construct_type
from hypothesis import given
from hypothesis import strategies as st
from mistralai.client import models
from watchkeeper.providers import cohere, hugging_face, mistral
from watchkeeper.providers import ollama as own_ollama
from watchkeeper.reading import Reader

from tests.sdk.contract import cohere_subjects, huggingface_subjects, mistral_subjects, ollama_subjects
from tests.sdk.property.test_sdk_laws import JSON

MISTRAL = {
    f"mistral {part.module} {name}": reader for part in mistral.PARTS for name, reader in part.methods.items()
}
COHERE = {
    f"cohere {number} {name}": reader
    for number, methods in ((1, cohere.FIRST), (2, cohere.SECOND))
    for name, reader in methods.items()
}
READERS = {**MISTRAL, **COHERE, **own_ollama.READERS, **hugging_face.READERS}
WORDS = (
    "arguments", "choices", "content", "data", "delta", "details", "document", "embeddings", "error",
    "event", "event_type", "finish_reason", "format", "function", "generated_text", "generations", "id",
    "images", "index", "input", "inputs", "message", "messages", "meta", "options", "outputs",
    "output_index", "parameters", "prompt", "response", "results", "role", "text", "texts", "thinking",
    "token", "tool_calls", "tool_results", "tools", "type", "usage",
)  # fmt: skip
KINDS = (
    "assistant", "content-delta", "function.call", "image_url", "input_audio", "message.output.delta",
    "stream-end", "text", "text-generation", "thinking", "tool", "tool-call-delta", "tool.execution",
)  # fmt: skip
LIKELY = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(KINDS) | st.just("{"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=25,
)
"""JSON with the words that readers look for, in every wrong place."""


@given(st.sampled_from(sorted(READERS)), LIKELY | JSON, st.lists(LIKELY, max_size=4))
def test_a_reader_takes_whatever_is_sent(name: str, body: Any, pieces: list[Any]) -> None:
    reader = READERS[name]
    reader.model(body)
    reader.request(body)
    reader.response(body)
    chunks = [piece for piece in pieces if isinstance(piece, dict)]
    reader.response(reader.fold(chunks))


def frame(chunk: Any) -> Any:
    return models.CompletionEvent(data=chunk)


def built(kind: Any) -> Callable[[Any], Any]:
    return lambda chunk: construct_type(type_=kind, object_=chunk)


def line(chunk: Any) -> str:
    return f"data: {json.dumps(chunk)}"


STREAMS: dict[str, tuple[Reader, list[Any], Callable[[Any], Any]]] = {
    "mistral": (MISTRAL["mistral chat stream"], mistral_subjects.CHUNKS, frame),
    "cohere": (COHERE["cohere 2 chat_stream"], cohere_subjects.TURN_EVENTS, built(V2ChatStreamResponse)),
    "cohere v1": (COHERE["cohere 1 chat_stream"], cohere_subjects.PROMPT_EVENTS, built(StreamedChatResponse)),
    "ollama": (
        own_ollama.READERS["/api/chat"],
        ollama_subjects.CHAT_CHUNKS,
        lambda chunk: ollama.ChatResponse(**chunk),
    ),
    "hugging face": (hugging_face.READERS["conversational"], huggingface_subjects.CHUNKS, line),
    "text generation": (hugging_face.READERS["text-generation"], huggingface_subjects.TOKENS, line),
}


@given(st.sampled_from(sorted(STREAMS)), st.sets(st.integers(0, 6)))
def test_a_stream_is_the_same_however_its_chunks_were_kept(name: str, kept_whole: set[int]) -> None:
    reader, chunks, made = STREAMS[name]
    texts = [reader.chunk(made(chunk)) for chunk in chunks]
    assert any(texts)
    pieces = [
        chunk if text is None or index in kept_whole else text
        for index, (chunk, text) in enumerate(zip(chunks, texts, strict=True))
    ]
    assert reader.response(reader.fold(pieces)) == reader.response(reader.fold(chunks))
