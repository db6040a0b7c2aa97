"""Answers that are one text, and questions that are one: completions, searches, crews."""

from collections.abc import Sequence

from watchkeeper_collector.query.messages.shapes.shape import (
    Answer,
    Document,
    Request,
    Shape,
    first_of,
    inner,
)

COMPLETIONS = {
    "response": ("done", "done_reason"),  # Ollama
    "text": ("generation_id", "is_finished", "finish_reason"),  # Cohere, before version 2
    "raw": ("tasks_output", "agent", "expected_output"),  # CrewAI
    "completion": ("stop_reason", "stop"),  # Anthropic, before messages
    "generation": ("stop_reason",),  # Llama on Bedrock
    "combined_chunk_content": ("chunk_count",),  # Logfire's streams, before it followed the conventions
    "output_text": ("output", "id", "model"),  # OpenAI's responses, by the client's shortcut
}
"""The key of the answer, and keys of which one stands beside it: the answer alone could be anything."""

QUESTIONS = ("query", "query_str", "question", "texts", "text", "inputs", "user_msg", "message")


def read_request(document: Document) -> Request | None:
    asked = first_of(document, *QUESTIONS) or inner(document, "query_bundle").get("query_str")
    return Request(asked) if isinstance(asked, str) or _is_texts(asked) else None


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def read_response(document: Document) -> Sequence[Answer]:
    for key, companions in COMPLETIONS.items():
        if isinstance(document.get(key), str) and any(companion in document for companion in companions):
            return [Answer(document[key], first_of(document, "done_reason", "finish_reason", "stop_reason"))]
    return ()


SHAPE = Shape(request=read_request, response=read_response)
