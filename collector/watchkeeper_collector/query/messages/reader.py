"""Reads the content of one span, in any dialect, as a conversation."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from watchkeeper_collector.query.messages import order
from watchkeeper_collector.query.messages.content import SpanContent
from watchkeeper_collector.query.messages.conversation import Conversation
from watchkeeper_collector.query.messages.documents import Reading, read_plain, read_system
from watchkeeper_collector.query.messages.flattened import rebuild
from watchkeeper_collector.query.messages.json_text import read_json
from watchkeeper_collector.query.messages.parts import Part
from watchkeeper_collector.query.messages.retrieved import read_documents
from watchkeeper_collector.query.messages.shapes.shape import Document, inner
from watchkeeper_collector.query.messages.sources import Source, anywhere_text
from watchkeeper_collector.query.messages.tool_spans import (
    ARGUMENTS,
    RESULTS,
    read_arguments,
    read_result,
)
from watchkeeper_collector.query.messages.tools import Tool, read_tools

SEARCHES = ("retriever", "reranker")
ANSWERING = ("llm", "embedding", "tool", "agent")
SYSTEM_ROLES = ("system", "developer")


def read_conversation(content: SpanContent) -> Conversation:
    """What the span was asked, what it answered and what it had at hand. Raises nothing, whatever was sent.

    What nobody understands is shown as text, so that nothing is hidden; the stored attributes stay beside it.
    """
    is_tool = content.kind == "tool"
    documents = _read_documents(content)
    asked = Reading() if is_tool else _first(order.INPUT, order.SHOWN_INPUT, content, "user")
    has_answer = content.kind not in ("tool", "embedding") and not (documents and content.kind in SEARCHES)
    answered = _first(order.OUTPUT, order.SHOWN_OUTPUT, content, "assistant") if has_answer else Reading()
    return Conversation(
        input_messages=asked.messages,
        output_messages=answered.messages,
        system_instructions=_read_system(content, asked),
        tool_definitions=_read_tools(content) or asked.tools,
        documents=documents,
        tool_arguments=read_arguments(
            content.attributes, (*ARGUMENTS, *(order.SHOWN_INPUT if is_tool else ()))
        ),
        tool_result=read_result(content.attributes, (*RESULTS, *(order.SHOWN_OUTPUT if is_tool else ()))),
        is_batch=content.kind == "embedding" or content.operation == "embeddings",
    )


def _first(sources: Sequence[Source], shown: Sequence[str], content: SpanContent, role: str) -> Reading:
    """The first source that says something; text as it came only where nobody understood any source."""
    is_understood = False
    for source in sources:
        if reading := source(content):
            if reading.messages or reading.system:
                return reading
            is_understood = True
    texts = (content.attributes.get(key, "") for key in shown if not is_understood)
    return next((reading for text in texts if (reading := read_plain(text, role))), Reading())


def _read_system(content: SpanContent, asked: Reading) -> list[Part]:
    """The prompt where it is apart; what a message says already is not said twice."""
    texts = (anywhere_text(content, key) for key in order.SYSTEM)
    apart = next((parts for text in texts if (parts := read_system(read_json(text)))), asked.system)
    said = {
        part["content"]
        for message in asked.messages
        if message["role"] in SYSTEM_ROLES
        for part in message["parts"]
        if part["type"] == "text"
    }
    return [part for part in apart if part["type"] != "text" or part["content"] not in said]


def _read_tools(content: SpanContent) -> list[Tool]:
    texts = (anywhere_text(content, key) for key in order.TOOLS)
    if tools := next((tools for text in texts if (tools := read_tools(text))), []):
        return tools
    schemas = [inner(one, "tool").get("json_schema") for one in _objects(content.attributes, "llm.tools.")]
    return read_tools(schemas) or read_tools(_objects(content.attributes, "llm.request.functions."))


def _objects(attributes: Mapping[str, str], prefix: str) -> list[Document]:
    return [one for one in rebuild(attributes, prefix) if isinstance(one, dict)]


def _read_documents(content: SpanContent) -> list[Document]:
    values: Iterator[Any] = chain(
        (read_json(anywhere_text(content, key)) for key in order.DOCUMENTS),
        (rebuild(content.attributes, prefix) for prefix in order.DOCUMENT_PREFIXES),
        _outputs(content),
    )
    return next((documents for value in values if (documents := read_documents(value))), [])


def _outputs(content: SpanContent) -> Iterator[Any]:
    """A search gives documents; what else has ``documents`` in its output may have searched."""
    if content.kind in ANSWERING:
        return
    for key in order.SHOWN_OUTPUT:
        value = read_json(content.attributes.get(key, ""))
        if content.kind in SEARCHES or (isinstance(value, dict) and "documents" in value):
            yield value
