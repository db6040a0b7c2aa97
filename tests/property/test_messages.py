"""Whatever anybody sends as content, it reads as a conversation, and a known one is read back whole."""

import json
from random import Random
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from watchkeeper_collector.query.messages import (
    Event,
    LogEvent,
    SpanContent,
    last_user_text,
    message_events,
    order,
    output_text,
    read_conversation,
    tool_spans,
)
from watchkeeper_collector.query.messages import answers as answer_attributes
from watchkeeper_collector.query.messages.blocks import KEYS, TYPES
from watchkeeper_collector.query.messages.documents import REQUEST_WRAPPERS, RESPONSE_WRAPPERS
from watchkeeper_collector.query.messages.json_text import MAX_DEPTH
from watchkeeper_collector.query.messages.message import CALL_ID_KEYS, ITEMS, KNOWN_ROLES, MESSAGE_KEYS
from watchkeeper_collector.query.messages.parts import FINISH_REASONS
from watchkeeper_collector.query.messages.shapes.completion import COMPLETIONS, QUESTIONS
from watchkeeper_collector.query.messages.shapes.langchain import MESSAGE_TYPES

from tests.unit.query.messages.provider_requests import REQUESTS
from tests.unit.query.messages.provider_responses import RESPONSES
from tests.unit.query.messages.schema import check_conversation

NUMBERED = (
    "llm.input_messages.0.message.content",
    "llm.input_messages.0.message.role",
    "llm.input_messages.10.message.contents.2.message_content.text",
    "llm.input_messages.1.message.contents.0.message_content.image.image.url",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments",
    "llm.output_messages.0.message.contents.0.tool_call.id",
    "llm.output_messages.0",
    "llm.prompts.0.prompt.text",
    "llm.choices.3.completion.text",
    "llm.tools.0.tool.json_schema",
    "gen_ai.prompt.0.content",
    "gen_ai.prompt.0.role",
    "gen_ai.prompt.0.tool_calls.0.name",
    "gen_ai.prompt.0.0",
    "gen_ai.completion.0.finish_reason",
    "gen_ai.completion.007.content",
    "gen_ai.completion.x",
    "retrieval.documents.0.document.metadata",
    "retrieval.documents.0.document.score",
    "reranker.output_documents.1.document.content",
    "llm.request.functions.0.name",
    "embedding.embeddings.0.embedding.text",
)
PLAIN = (
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "ai.prompt.messages",
    "ai.prompt",
    "ai.values",
    "ai.value",
    "ai.response.text",
    "ai.response.toolCalls",
    "ai.response.reasoning",
    "request_data",
    "response_data",
    "events",
    "all_messages_events",
    "pydantic_ai.all_messages",
    "gcp.vertex.agent.llm_request",
    "lk.chat_ctx",
    "llm.messages",
    "gcp.vertex.agent.llm_response",
    "final_result",
    "mlflow.chat.messages",
    "gen_ai.event.content",
    "lk.response.function_calls",
    "inputs",
    "content",
    "message",
    "gen_ai.retrieval.query.text",
)
ATTRIBUTES = (
    *NUMBERED,
    *PLAIN,
    *order.SYSTEM,
    *order.TOOLS,
    *order.DOCUMENTS,
    *order.SHOWN_INPUT,
    *order.SHOWN_OUTPUT,
    *tool_spans.ARGUMENTS,
    *tool_spans.RESULTS,
    *answer_attributes.VERCEL.texts,
)
NAMES = sorted(
    {
        *TYPES,
        *KEYS,
        *ITEMS,
        *KNOWN_ROLES,
        *MESSAGE_KEYS,
        *CALL_ID_KEYS,
        *REQUEST_WRAPPERS,
        *RESPONSE_WRAPPERS,
        *QUESTIONS,
        *COMPLETIONS,
        *FINISH_REASONS,
        *MESSAGE_TYPES,
        "type",
        "role",
        "_role",
        "name",
        "lc",
        "kwargs",
        "data",
        "choices",
        "delta",
        "candidates",
        "generations",
        "replies",
        "contents",
        "messages",
        "system",
        "instructions",
        "tools",
        "function",
        "arguments",
        "args",
        "source",
        "url",
        "block_type",
        "documents",
        "score",
        "metadata",
        "object",
        "status",
        "stop_reason",
        "finish_reason",
        "toolName",
        "server_tool_call",
        "server_tool_call_response",
        "modality",
        "event.name",
        "gen_ai.choice",
        "index",
        "content_block",
        "partial_json",
        "response",
        "config",
        "system_instruction",
        "input",
        "images",
        "additional_kwargs",
    }
)
EVENT_NAMES = (
    *message_events.ROLES,
    message_events.CHOICE,
    "gen_ai.content.prompt",
    "gen_ai.content.completion",
    "gen_ai.client.inference.operation.details",
    "mlflow.chunk.item.1",
    "",
)
KINDS = ("llm", "embedding", "tool", "retriever", "reranker", "agent", "chain", "workflow", "other", "")

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(NAMES)
documents = st.recursive(
    scalars,
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inside, max_size=6)
    ),
    max_leaves=25,
)
nested_documents = st.recursive(
    st.sampled_from(NAMES),
    lambda inside: st.dictionaries(
        st.sampled_from(NAMES), st.lists(inside, min_size=1, max_size=2), min_size=1
    ),
    max_leaves=12,
)
json_texts = (documents | nested_documents).map(json.dumps)
texts = json_texts | json_texts.map(json.dumps) | st.text()
attributes = st.dictionaries(st.sampled_from(ATTRIBUTES), texts, max_size=4)
event_attributes = st.dictionaries(
    st.sampled_from((*PLAIN, "gen_ai.prompt", "gen_ai.completion", "mlflow.chunk.value", "event.name", "id")),
    texts,
    max_size=3,
)
contents = st.builds(
    SpanContent,
    attributes=attributes,
    events=st.lists(st.builds(Event, st.sampled_from(EVENT_NAMES), event_attributes), max_size=3),
    logs=st.lists(st.builds(LogEvent, st.sampled_from(EVENT_NAMES), texts, event_attributes), max_size=3),
    kind=st.sampled_from(KINDS),
)


@given(contents)
def test_any_content_reads_as_the_conventions_demand(content: SpanContent) -> None:
    conversation = read_conversation(content)
    check_conversation(conversation)
    assert isinstance(last_user_text(conversation) + output_text(conversation), str)


@given(st.sampled_from(ATTRIBUTES), texts, st.sampled_from(KINDS))
def test_any_single_attribute_reads_as_the_conventions_demand(key: str, text: str, kind: str) -> None:
    check_conversation(read_conversation(SpanContent({key: text}, kind=kind)))


@given(
    st.sampled_from(ATTRIBUTES),
    st.sampled_from(NAMES),
    st.sampled_from(("[%s]", '{"%s": %s}', '[{"%s": %s}]', '{"type": "%s", "arguments": %s}')),
    st.integers(1, 3 * MAX_DEPTH),
)
@example("gen_ai.input.messages", "content", '{"%s": %s}', 100_000)
@example("output.value", "output", '[{"%s": %s}]', 100_000)
def test_nothing_is_nested_too_deeply(key: str, name: str, level: str, depth: int) -> None:
    before, after = level.replace("%s", name, level.count("%s") - 1).split("%s")
    sent = before * depth + "1" + after * depth
    for kind in ("llm", "tool", "retriever"):
        check_conversation(read_conversation(SpanContent({key: sent}, kind=kind)))


TEMPLATES = [document for document, _ in (*REQUESTS.values(), *RESPONSES.values())]
DOCUMENT_KEYS = (*order.SHOWN_INPUT, *order.SHOWN_OUTPUT)
ODDITIES = (
    None,
    True,
    7,
    1.5,
    "",
    "x",
    "{}",
    [],
    {},
    [7],
    [[]],
    {"type": 7},
    {"role": []},
    {"text": {}},
    [None],
)


def damage(value: Any, random: Random) -> Any:
    """The document with one value in eight replaced by something that nobody expects there."""
    if random.random() < 1 / 8:
        return random.choice((*ODDITIES, random.choice(TEMPLATES)))
    if isinstance(value, dict):
        return {key: damage(one, random) for key, one in value.items()}
    return [damage(one, random) for one in value] if isinstance(value, list) else value


@settings(max_examples=500)
@given(st.sampled_from(TEMPLATES), st.sampled_from(DOCUMENT_KEYS), st.sampled_from(KINDS), st.randoms())
def test_a_damaged_document_of_a_provider_reads_as_the_conventions_demand(
    document: Any, key: str, kind: str, random: Random
) -> None:
    sent = json.dumps(damage(document, random))
    check_conversation(read_conversation(SpanContent({key: sent}, kind=kind)))
    logs = [LogEvent(name, sent, {}) for name in message_events.ROLES]
    check_conversation(read_conversation(SpanContent(logs=logs, kind=kind)))
    chunk = Event("mlflow.chunk.item.0", {"mlflow.chunk.value": sent})
    check_conversation(read_conversation(SpanContent(events=[chunk, chunk], kind=kind)))


parts = st.one_of(
    st.builds(lambda content: {"type": "text", "content": content}, st.text(min_size=1)),
    st.builds(lambda content: {"type": "reasoning", "content": content}, st.text(min_size=1)),
    st.builds(
        lambda name, city: {"type": "tool_call", "id": name, "name": name, "arguments": {"city": city}},
        st.text(min_size=1),
        st.text(),
    ),
    st.builds(
        lambda call, response: {"type": "tool_call_response", "id": call, "response": response},
        st.text(min_size=1),
        st.dictionaries(st.text(), st.integers(0, 9)),
    ),
)
conversations = st.lists(
    st.builds(
        lambda role, parts: {"role": role, "parts": parts},
        st.sampled_from(("user", "assistant", "system", "tool")),
        st.lists(parts, min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=5,
)
KEEPING = ("gen_ai.input.messages", "langfuse.observation.input", "input.value", "traceloop.entity.input")


@given(conversations, st.sampled_from(KEEPING))
def test_messages_in_the_conventions_form_stay_as_they_are(sent: list[dict[str, Any]], key: str) -> None:
    assert read_conversation(SpanContent({key: json.dumps(sent)}, kind="llm")).input_messages == sent


@given(st.lists(st.text(min_size=1), min_size=1, max_size=30), st.randoms())
def test_numbered_attributes_may_come_in_any_order(said: list[str], random: Random) -> None:
    numbered = [
        (f"gen_ai.prompt.{number}.{field}", value)
        for number, content in enumerate(said)
        for field, value in (("role", "user"), ("content", content))
    ]
    random.shuffle(numbered)
    messages = read_conversation(SpanContent(dict(numbered), kind="llm")).input_messages
    assert [part["content"] for message in messages for part in message["parts"]] == said
