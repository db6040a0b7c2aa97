"""Requests and responses of every provider and framework, in one attribute, read as messages."""

import json
from typing import Any

import pytest
from watchkeeper_collector.query.messages import Conversation, SpanContent, read_conversation

from tests.unit.query.messages.expected_messages import TOOL, text, user
from tests.unit.query.messages.provider_requests import REQUESTS
from tests.unit.query.messages.provider_responses import RESPONSES
from tests.unit.query.messages.schema import check_conversation


def read(**attributes: Any) -> Conversation:
    """``request`` and ``response`` as Langfuse would have them: any JSON, or text."""
    keys = {"request": "langfuse.observation.input", "response": "langfuse.observation.output"}
    texts = {keys[name]: one if isinstance(one, str) else json.dumps(one) for name, one in attributes.items()}
    conversation = read_conversation(SpanContent(texts, kind="llm"))
    check_conversation(conversation)
    return conversation


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_reads_as_messages(name: str) -> None:
    request, messages = REQUESTS[name]
    assert read(request=request).input_messages == messages


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_reads_as_messages(name: str) -> None:
    response, messages = RESPONSES[name]
    assert read(response=response).output_messages == messages


@pytest.mark.parametrize(
    "request_body",
    [
        {"messages": [{"role": "user", "content": "Hi"}], "system": "Be brief"},
        {"messages": [{"role": "user", "content": "Hi"}], "system": [{"type": "text", "text": "Be brief"}]},
        {"messages": [{"role": "user", "content": "Hi"}], "system": [{"text": "Be brief"}]},
        {"input": "Hi", "instructions": "Be brief"},
        {"contents": "Hi", "systemInstruction": {"parts": [{"text": "Be brief"}]}},
        {"contents": "Hi", "config": {"system_instruction": "Be brief"}},
        {"prompt": "Hi", "system": "Be brief"},
        {"chat_history": [], "message": "Hi", "preamble": "Be brief"},
    ],
    ids=["text", "Anthropic", "Bedrock", "responses", "Gemini", "agent kit", "Vercel", "Cohere"],
)
def test_a_system_prompt_beside_the_messages_stays_beside_them(request_body: dict[str, Any]) -> None:
    conversation = read(request=request_body)
    assert conversation.input_messages == [user("Hi")]
    assert conversation.system_instructions == [text("Be brief")]


@pytest.mark.parametrize(
    "tool",
    [
        TOOL,
        {"type": "function", "function": {key: TOOL[key] for key in ("name", "description", "parameters")}},
        {"name": "weather", "description": "The weather", "input_schema": {"type": "object"}},
        {
            "type": "function",
            "name": "weather",
            "description": "The weather",
            "inputSchema": {"type": "object"},
        },
        {
            "toolSpec": {
                "name": "weather",
                "description": "The weather",
                "inputSchema": {"json": {"type": "object"}},
            }
        },
        {
            "function_declarations": [
                {
                    "name": "weather",
                    "description": "The weather",
                    "parameters_json_schema": {"type": "object"},
                }
            ]
        },
        {
            "functionDeclarations": [
                {"name": "weather", "description": "The weather", "parameters": {"type": "object"}}
            ]
        },
    ],
    ids=["flat", "OpenAI", "Anthropic", "Vercel", "Bedrock", "Gemini for Python", "Gemini"],
)
def test_a_tool_is_defined_the_same_way_whoever_offers_it(tool: dict[str, Any]) -> None:
    offered = {"messages": [{"role": "user", "content": "Hi"}], "tools": [tool]}
    assert read(request=offered).tool_definitions == [TOOL]


def test_a_tool_of_the_provider_keeps_its_settings() -> None:
    offered = {"input": "Hi", "tools": [{"type": "web_search", "search_context_size": "low"}]}
    assert read(request=offered).tool_definitions == [
        {"type": "web_search", "name": "web_search", "search_context_size": "low"}
    ]
