"""Every family of attributes, events and logs, and which of them wins."""

import json
from typing import Any

import pytest
from watchkeeper_collector.query.messages import (
    Conversation,
    Event,
    LogEvent,
    SpanContent,
    last_user_text,
    output_text,
    read_conversation,
)

from tests.unit.query.messages.expected_messages import (
    ARGUMENTS,
    CALL,
    OPENAI_CALL,
    RESPONSE,
    TOOL,
    assistant,
    message,
    text,
    user,
)
from tests.unit.query.messages.schema import check_conversation

ASKED = [user("Hi")]
ANSWERED = [assistant("Hello")]


def read(
    attributes: dict[str, Any] | None = None, *, events: Any = (), logs: Any = (), kind: str = "llm"
) -> Conversation:
    texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in (attributes or {}).items()}
    conversation = read_conversation(SpanContent(texts, events, logs, kind))
    check_conversation(conversation)
    return conversation


CONVENTIONS = {"gen_ai.input.messages": ASKED, "gen_ai.output.messages": ANSWERED}

DIALECTS: dict[str, dict[str, Any]] = {
    "OpenTelemetry": CONVENTIONS,
    "OpenInference": {
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "Hi",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": "Hello",
    },
    "OpenInference, completions": {
        "llm.prompts.0.prompt.text": "Hi",
        "llm.choices.0.completion.text": "Hello",
    },
    "OpenInference, whole documents": {"input.value": "Hi", "output.value": "Hello"},
    "OpenLLMetry up to 0.4x": {
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": '[{"type": "text", "text": "Hi"}]',
        "gen_ai.completion.0.content": "Hello",
    },
    "OpenLLMetry, wrappers": {
        "traceloop.entity.input": {"args": [], "kwargs": {"messages": [{"role": "user", "content": "Hi"}]}},
        "traceloop.entity.output": "Hello",
    },
    "Vercel AI SDK, calls": {
        "ai.prompt.messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "ai.response.text": "Hello",
    },
    "Vercel AI SDK, wrappers": {"ai.prompt": {"prompt": "Hi"}, "ai.response.object": "Hello"},
    "Vercel AI SDK, version 3": {
        "ai.prompt": {"messages": [{"role": "user", "content": "Hi"}]},
        "ai.result.text": "Hello",
    },
    "Langfuse": {"langfuse.observation.input": "Hi", "langfuse.observation.output": "Hello"},
    "Langfuse, the trace": {"langfuse.trace.input": "Hi", "langfuse.trace.output": '"Hello"'},
    "MLflow": {
        "mlflow.spanInputs": {"messages": [{"role": "user", "content": "Hi"}]},
        "mlflow.spanOutputs": '"Hello"',
    },
    "LangSmith": {
        "gen_ai.prompt": {"messages": [{"role": "user", "content": "Hi"}]},
        "gen_ai.completion": {"choices": [{"message": {"role": "assistant", "content": "Hello"}}]},
    },
    "Google ADK": {
        "gcp.vertex.agent.llm_request": {
            "model": "m",
            "config": {},
            "contents": [{"parts": [{"text": "Hi"}]}],
        },
        "gcp.vertex.agent.llm_response": {"content": {"parts": [{"text": "Hello"}], "role": "model"}},
    },
    "Logfire, before the conventions": {
        "request_data": {"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
        "response_data": {"message": {"role": "assistant", "content": "Hello"}, "usage": None},
    },
    "Pydantic AI, agents": {"pydantic_ai.all_messages": [*ASKED, *ANSWERED]},
    "Pydantic AI, first version": {
        "events": [
            {"event.name": "gen_ai.user.message", "content": "Hi", "role": "user"},
            {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "content": "Hello"}},
        ]
    },
    "Pydantic AI, agents of the first version": {
        "all_messages_events": [
            {"event.name": "gen_ai.user.message", "content": "Hi", "role": "user"},
            {"event.name": "gen_ai.assistant.message", "content": "Hello", "role": "assistant"},
        ]
    },
    "Laminar": {
        "lmnr.span.input": [{"role": "user", "content": "Hi"}],
        "lmnr.span.output": {"role": "assistant", "content": "Hello"},
    },
    "LiveKit": {
        "lk.chat_ctx": {"items": [{"type": "message", "role": "user", "content": ["Hi"]}]},
        "lk.response.text": "Hello",
    },
    "LiveKit, turns": {"lk.user_input": "Hi", "lk.response.text": "Hello"},
    "VoltAgent": {"llm.messages": [{"role": "user", "content": "Hi"}], "output": "Hello"},
    "VoltAgent, agents": {"agent.messages": [{"role": "user", "content": "Hi"}], "output": "Hello"},
    "Claude Code": {"new_context": "Hi", "response.model_output": "Hello"},
    "Haystack": {
        "haystack.component.input": {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
        "haystack.component.output": {"replies": ["Hello"]},
    },
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_reads_as_the_conventions(dialect: str) -> None:
    conversation = read(DIALECTS[dialect])
    assert (conversation.input_messages, conversation.output_messages) == (ASKED, ANSWERED)


@pytest.mark.parametrize("dialect", [dialect for dialect in DIALECTS if dialect != "OpenTelemetry"])
def test_the_conventions_win_over_every_other_dialect(dialect: str) -> None:
    other = json.loads(json.dumps(DIALECTS[dialect]).replace("Hi", "other").replace("Hello", "other"))
    conversation = read({**other, **CONVENTIONS})
    assert (conversation.input_messages, conversation.output_messages) == (ASKED, ANSWERED)


LOGGED = {
    "one event for all": [
        LogEvent(
            "gen_ai.client.inference.operation.details",
            "",
            {key: json.dumps(one) for key, one in CONVENTIONS.items()},
        )
    ],
    "an event for each message": [
        LogEvent("gen_ai.user.message", '{"content": "Hi"}', {"gen_ai.system": "openai"}),
        LogEvent("gen_ai.choice", '{"index": 0, "message": {"role": "assistant", "content": "Hello"}}', {}),
    ],
    "named by an attribute": [
        LogEvent("", '{"content": "Hi"}', {"event.name": "gen_ai.user.message"}),
        LogEvent("", '{"message": {"content": "Hello"}}', {"event.name": "gen_ai.choice"}),
    ],
    "bodies that are text": [
        LogEvent("gen_ai.user.message", "Hi", {}),
        LogEvent("gen_ai.assistant.message", "Hello", {}),
    ],
}


@pytest.mark.parametrize("form", LOGGED)
def test_content_on_log_records_reads_as_the_conventions(form: str) -> None:
    conversation = read(logs=LOGGED[form])
    assert (conversation.input_messages, conversation.output_messages) == (ASKED, ANSWERED)


EVENTS = {
    "Strands": [
        Event("gen_ai.client.inference.operation.details", {"gen_ai.input.messages": json.dumps(ASKED)}),
        Event("gen_ai.client.inference.operation.details", {"gen_ai.output.messages": json.dumps(ANSWERED)}),
    ],
    "Strands by default": [
        Event("gen_ai.user.message", {"content": '[{"text": "Hi"}]'}),
        Event("gen_ai.choice", {"message": '[{"text": "Hello"}]'}),
    ],
    "Azure": [
        Event("gen_ai.user.message", {"gen_ai.event.content": '{"role": "user", "content": "Hi"}'}),
        Event("gen_ai.choice", {"gen_ai.event.content": '{"message": {"content": "Hello"}}'}),
    ],
    "the oldest": [
        Event("gen_ai.content.prompt", {"gen_ai.prompt": '[{"role": "user", "content": "Hi"}]'}),
        Event(
            "gen_ai.content.completion", {"gen_ai.completion": '[{"role": "assistant", "content": "Hello"}]'}
        ),
    ],
    "Spring AI": [
        Event("gen_ai.content.prompt", {"gen_ai.prompt": '["Hi"]'}),
        Event("gen_ai.content.completion", {"gen_ai.completion": '["Hello"]'}),
    ],
}


@pytest.mark.parametrize("form", EVENTS)
def test_content_on_span_events_reads_as_the_conventions(form: str) -> None:
    conversation = read(events=EVENTS[form])
    assert (conversation.input_messages, conversation.output_messages) == (ASKED, ANSWERED)


def test_events_keep_tool_calls_and_reasons() -> None:
    conversation = read(
        logs=[
            LogEvent("gen_ai.assistant.message", json.dumps({"tool_calls": [OPENAI_CALL]}), {}),
            LogEvent("gen_ai.tool.message", json.dumps({"content": "7 °C", "id": "c1"}), {}),
            LogEvent(
                "gen_ai.choice", json.dumps({"finish_reason": "tool_calls", "tool_calls": [OPENAI_CALL]}), {}
            ),
        ]
    )
    assert conversation.input_messages == [message("assistant", CALL), message("tool", RESPONSE)]
    assert conversation.output_messages == [message("assistant", CALL, finish_reason="tool_call")]


def test_numbered_messages_are_in_the_order_of_their_numbers_whatever_is_missing() -> None:
    numbers = (0, 2, 9, 10, 101)
    attributes = {
        f"llm.input_messages.{number}.message.content": f"text {number}" for number in reversed(numbers)
    }
    assert read(attributes).input_messages == [user(f"text {number}") for number in numbers]


def test_numbered_blocks_and_calls_are_put_together() -> None:
    message_at = "llm.output_messages.0.message"
    conversation = read(
        {
            f"{message_at}.role": "assistant",
            f"{message_at}.contents.0.message_content.type": "text",
            f"{message_at}.contents.0.message_content.text": "Look:",
            f"{message_at}.contents.1.message_content.type": "image",
            f"{message_at}.contents.1.message_content.image.image.url": "data:image/png;base64,AAAA",
            f"{message_at}.contents.2.tool_call.id": "c1",
            f"{message_at}.contents.2.tool_call.function.name": "weather",
            f"{message_at}.contents.2.tool_call.function.arguments": ARGUMENTS,
            f"{message_at}.tool_calls.0.tool_call.id": "c1",
            f"{message_at}.tool_calls.0.tool_call.function.name": "weather",
            f"{message_at}.tool_calls.0.tool_call.function.arguments": ARGUMENTS,
        }
    )
    image = {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "AAAA"}
    assert conversation.output_messages == [message("assistant", text("Look:"), image, CALL)]


def test_numbered_keys_that_contradict_each_other_are_read_as_far_as_they_go() -> None:
    at = "gen_ai.prompt."
    keys = {f"{at}0": "y", f"{at}0.content": "Hi", f"{at}0.content.more": "x", f"{at}x.content": "z"}
    assert read(keys).input_messages == [user('{"more":"x"}')]


def test_older_openllmetry_has_calls_without_a_function_around_them() -> None:
    conversation = read(
        {
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.finish_reason": "tool_calls",
            "gen_ai.completion.0.tool_calls.0.id": "c1",
            "gen_ai.completion.0.tool_calls.0.name": "weather",
            "gen_ai.completion.0.tool_calls.0.arguments": ARGUMENTS,
        }
    )
    assert conversation.output_messages == [message("assistant", CALL, finish_reason="tool_call")]


def test_an_answer_in_json_stays_text() -> None:
    answer = '[{"name": "Zoë"}]'
    assert read({"gen_ai.completion.0.content": answer}).output_messages == [assistant(answer)]
    assert read({"ai.response.object": answer}).output_messages == [assistant(answer)]


@pytest.mark.parametrize("field", ["args", "input"])
def test_an_answer_of_the_ai_sdk_is_one_message(field: str) -> None:
    call = {"toolCallId": "c1", "toolName": "weather", field: json.dumps(ARGUMENTS)}
    conversation = read(
        {
            "ai.response.text": "Let me see.",
            "ai.response.reasoning": "Must look",
            "ai.response.toolCalls": [call],
            "ai.response.finishReason": "tool-calls",
        }
    )
    thought = {"type": "reasoning", "content": "Must look"}
    assert conversation.output_messages == [
        message("assistant", thought, text("Let me see."), CALL, finish_reason="tool_call")
    ]


def chunks(*values: dict[str, Any]) -> list[Event]:
    return [
        Event(f"mlflow.chunk.item.{number}", {"mlflow.chunk.value": json.dumps(value)})
        for number, value in enumerate(values)
    ]


STREAMS: dict[str, list[dict[str, Any]]] = {
    "OpenAI": [
        {"choices": [{"delta": {"role": "assistant", "content": "Let me "}}]},
        {"choices": [{"delta": {"content": "see."}}]},
        {
            "choices": [
                {
                    "delta": {
                        "tool_calls": [
                            {
                                "index": 0,
                                "id": "c1",
                                "function": {"name": "weather", "arguments": '{"city": '},
                            }
                        ]
                    }
                }
            ]
        },
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": '"Zürich"}'}}]}}]},
        {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
        {"choices": []},
    ],
    "OpenAI responses": [
        {"type": "response.output_text.delta", "delta": "Let"},
        {
            "type": "response.completed",
            "response": {
                "object": "response",
                "output": [
                    {
                        "type": "message",
                        "role": "assistant",
                        "content": [{"type": "output_text", "text": "Let me see."}],
                    },
                    {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": ARGUMENTS},
                ],
            },
        },
    ],
    "Anthropic": [
        {"type": "message_start", "message": {"role": "assistant", "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Let me see."}},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "id": "c1", "name": "weather", "input": {}},
        },
        {
            "type": "content_block_delta",
            "index": 1,
            "delta": {"type": "input_json_delta", "partial_json": '{"city": "Zürich"}'},
        },
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
    ],
}


@pytest.mark.parametrize("provider", STREAMS)
def test_the_chunks_of_a_stream_are_one_message(provider: str) -> None:
    conversation = read(events=chunks(*STREAMS[provider]))
    assert conversation.output_messages == [
        message("assistant", text("Let me see."), CALL, finish_reason="tool_call")
    ]


def test_a_system_prompt_that_is_a_bare_text_is_one_part() -> None:
    assert read({"gen_ai.system_instructions": "Be brief"}).system_instructions == [text("Be brief")]


def test_a_system_prompt_that_a_message_says_is_not_said_twice() -> None:
    said = [message("system", text("Be brief")), *ASKED]
    conversation = read({"gen_ai.input.messages": said, "gen_ai.system_instructions": [text("Be brief")]})
    assert conversation.input_messages == said
    assert conversation.system_instructions == []


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.tool.definitions": [TOOL]},
        {"llm.tools.0.tool.json_schema": {"type": "function", "function": TOOL}},
        {"ai.prompt.tools": [json.dumps(TOOL)]},
        {"mlflow.chat.tools": [{"type": "function", "function": TOOL}]},
        {
            "model_request_parameters": {
                "function_tools": [
                    {
                        "name": "weather",
                        "description": "The weather",
                        "parameters_json_schema": {"type": "object"},
                    }
                ]
            }
        },
        {
            "llm.request.functions.0.name": "weather",
            "llm.request.functions.0.description": "The weather",
            "llm.request.functions.0.parameters": '{"type": "object"}',
        },
    ],
    ids=lambda attributes: next(iter(attributes)),
)
def test_the_tools_that_were_offered_are_found(attributes: dict[str, Any]) -> None:
    assert read(attributes).tool_definitions == [TOOL]


FOUND = {"id": "d1", "score": 0.9, "content": "A page"}


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.retrieval.documents": [FOUND]},
        {
            "retrieval.documents.0.document.id": "d1",
            "retrieval.documents.0.document.score": "0.9",
            "retrieval.documents.0.document.content": "A page",
        },
        {
            "reranker.output_documents.0.document.id": "d1",
            "reranker.output_documents.0.document.score": "0.9",
            "reranker.output_documents.0.document.content": "A page",
        },
        {"langfuse.observation.output": [{"id": "d1", "text": "A page", "score": 0.9}]},
        {"traceloop.entity.output": {"documents": [{"id": "d1", "page_content": "A page", "score": 0.9}]}},
        {"output.value": [{"node": {"id_": "d1", "text": "A page"}, "score": 0.9}]},
        {
            "gen_ai.completion": {
                "output": [
                    {
                        "lc": 1,
                        "id": ["Document"],
                        "kwargs": {"id": "d1", "page_content": "A page", "score": 0.9},
                    }
                ]
            }
        },
        {"output.value": {"results": [{"document": {"id": "d1", "text": "A page"}, "relevance_score": 0.9}]}},
    ],
    ids=[
        "conventions",
        "OpenInference",
        "reranked",
        "Langfuse",
        "Traceloop",
        "LlamaIndex",
        "LangChain",
        "Cohere",
    ],
)
def test_a_search_has_its_documents_instead_of_an_answer(attributes: dict[str, Any]) -> None:
    conversation = read({**attributes, "gen_ai.retrieval.query.text": "Why?"}, kind="retriever")
    assert conversation.documents == [FOUND]
    assert conversation.input_messages == [user("Why?")]
    assert conversation.output_messages == []


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.tool.call.arguments": ARGUMENTS, "gen_ai.tool.call.result": {"temp_c": 7}},
        {"ai.toolCall.args": ARGUMENTS, "ai.toolCall.result": {"temp_c": 7}},
        {"tool_arguments": ARGUMENTS, "tool_response": {"temp_c": 7}},
        {"gcp.vertex.agent.tool_call_args": ARGUMENTS, "gcp.vertex.agent.tool_response": {"temp_c": 7}},
        {"tool.parameters": {"type": "object"}, "input.value": ARGUMENTS, "output.value": {"temp_c": 7}},
        {"langfuse.observation.input": ARGUMENTS, "langfuse.observation.output": {"temp_c": 7}},
        {"mlflow.spanInputs": ARGUMENTS, "mlflow.spanOutputs": {"temp_c": 7}},
        {"lmnr.span.input": ARGUMENTS, "lmnr.span.output": {"temp_c": 7}},
        {"lk.function_tool.arguments": ARGUMENTS, "lk.function_tool.output": {"temp_c": 7}},
        {
            "traceloop.entity.input": {"input_str": "{'city': 'Zürich'}", "inputs": ARGUMENTS},
            "traceloop.entity.output": {
                "output": {"lc": 1, "id": ["ToolMessage"], "kwargs": {"content": '{"temp_c": 7}'}},
                "kwargs": {},
            },
        },
        {
            "input.value": {"kwargs": ARGUMENTS},
            "output.value": {"type": "tool", "data": {"content": '{"temp_c": 7}'}},
        },
        {
            "gen_ai.prompt": ARGUMENTS,
            "gen_ai.completion": {"output": {"content": '{"temp_c": 7}', "tool_call_id": "c"}},
        },
        {
            "input.value": {"kwargs": ARGUMENTS},
            "output.value": {
                "raw_input": {"kwargs": ARGUMENTS},
                "raw_output": '{"temp_c": 7}',
                "is_error": False,
            },
        },
    ],
    ids=[
        "conventions",
        "Vercel",
        "Pydantic AI",
        "ADK",
        "OpenInference",
        "Langfuse",
        "MLflow",
        "Laminar",
        "LiveKit",
        "Traceloop",
        "LangChain",
        "LangSmith",
        "LlamaIndex",
    ],
)
def test_a_tool_has_arguments_and_a_result(attributes: dict[str, Any]) -> None:
    conversation = read(attributes, kind="tool")
    assert (conversation.tool_arguments, conversation.tool_result) == (ARGUMENTS, {"temp_c": 7})
    assert conversation.input_messages == conversation.output_messages == []


@pytest.mark.parametrize(
    "attributes",
    [
        {"ai.values": ['"one"', '"two"']},
        {"inputs": ["one", "two"]},
        {"langfuse.observation.input": ["one", "two"]},
        {"input.value": {"input": ["one", "two"], "model": "m"}},
        {"input.value": {"requests": [{"content": {"parts": [{"text": one}]}} for one in ("one", "two")]}},
        {"embedding.embeddings.0.embedding.text": "one", "embedding.embeddings.1.embedding.text": "two"},
        {"gen_ai.prompt.0.content": "one", "gen_ai.prompt.1.content": "two"},
    ],
    ids=["Vercel", "Pydantic AI", "Langfuse", "OpenAI", "Gemini", "OpenInference", "OpenLLMetry"],
)
def test_texts_to_embed_are_a_batch_of_which_the_first_stands_for_all(attributes: dict[str, Any]) -> None:
    conversation = read({**attributes, "output.value": {"data": [{"embedding": [0.1]}]}}, kind="embedding")
    assert conversation.input_messages == [user("one"), user("two")]
    assert conversation.output_messages == []
    assert last_user_text(conversation) == "one"


def test_the_last_text_of_the_user_is_not_the_result_of_a_tool() -> None:
    conversation = read(
        {"gen_ai.input.messages": [*ASKED, message("assistant", CALL), message("user", RESPONSE)]}
    )
    assert last_user_text(conversation) == "Hi"


def test_the_text_of_an_answer_has_every_choice_and_refusal_and_no_thoughts() -> None:
    thought = {"type": "reasoning", "content": "Hm"}
    refusal = {"type": "refusal", "content": "I can't"}
    answers = [message("assistant", thought, text("one"), CALL), message("assistant", refusal)]
    assert output_text(read({"gen_ai.output.messages": answers})) == "one\nI can't"


def test_a_source_that_holds_nothing_gives_way_to_the_next() -> None:
    conversation = read({"gen_ai.prompt": "{}", "gen_ai.input.messages": "[]", "input.value": "Hi"})
    assert conversation.input_messages == ASKED


def test_what_is_no_number_and_no_whole_pair_is_still_read() -> None:
    sent = '[{"role": "user", "content": "half \\ud83c of it", "score": NaN}]'
    assert read({"gen_ai.input.messages": sent}).input_messages[0]["parts"][0]["content"].startswith("half ")


def test_a_broken_document_is_shown_as_it_came() -> None:
    broken = '[{"role": "user", "content": "Hi'
    assert read({"gen_ai.input.messages": broken}).input_messages == [user(broken)]
