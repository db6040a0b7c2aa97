"""Responses as the providers and frameworks document them, with the messages that are in them."""

import json
from typing import Any

from tests.unit.query.messages.expected_messages import (
    ARGUMENTS,
    CALL,
    LANGCHAIN,
    OPENAI_CALL,
    assistant,
    message,
    text,
)

RESPONSES: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "plain text": ("Hello", [assistant("Hello")]),
    "an answer in JSON": ('{"answer": 42}', [assistant('{"answer": 42}')]),
    "nothing": ({"output": None}, []),
    "OpenAI": (
        {
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "A", "refusal": None},
                    "finish_reason": "stop",
                },
                {
                    "index": 1,
                    "message": {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]},
                    "finish_reason": "tool_calls",
                },
            ]
        },
        [assistant("A", finish_reason="stop"), message("assistant", CALL, finish_reason="tool_call")],
    ),
    "OpenAI, refused": (
        {
            "choices": [
                {
                    "message": {"role": "assistant", "content": None, "refusal": "I can't"},
                    "finish_reason": "stop",
                }
            ]
        },
        [message("assistant", {"type": "refusal", "content": "I can't"}, finish_reason="stop")],
    ),
    "OpenAI, spoken": (
        {
            "choices": [
                {
                    "message": {
                        "role": "assistant",
                        "content": None,
                        "audio": {"data": "AAAA", "transcript": "Hello"},
                    }
                }
            ]
        },
        [message("assistant", {"type": "blob", "modality": "audio", "content": "AAAA"}, text("Hello"))],
    ),
    "OpenAI, a completion": (
        {"choices": [{"text": " a time", "finish_reason": "length"}]},
        [assistant(" a time", finish_reason="length")],
    ),
    "DeepSeek": (
        {"choices": [{"message": {"role": "assistant", "content": "A", "reasoning_content": "Hm"}}]},
        [message("assistant", {"type": "reasoning", "content": "Hm"}, text("A"))],
    ),
    "OpenAI responses": (
        {
            "object": "response",
            "status": "completed",
            "output": [
                {"type": "reasoning", "id": "r1", "summary": []},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "A"}]},
            ],
        },
        [assistant("A", finish_reason="stop")],
    ),
    "OpenAI responses, a call": (
        {
            "object": "response",
            "status": "completed",
            "output": [
                {
                    "type": "function_call",
                    "call_id": "c1",
                    "name": "weather",
                    "arguments": json.dumps(ARGUMENTS),
                }
            ],
        },
        [message("assistant", CALL, finish_reason="tool_call")],
    ),
    "OpenAI responses, cut short": (
        {
            "object": "response",
            "status": "incomplete",
            "incomplete_details": {"reason": "max_output_tokens"},
            "output": [
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "A"}]}
            ],
        },
        [assistant("A", finish_reason="length")],
    ),
    "OpenAI responses, refused": (
        {
            "output": [
                {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No"}]}
            ]
        },
        [message("assistant", {"type": "refusal", "content": "No"})],
    ),
    "OpenAI responses, a search at the provider": (
        [{"type": "web_search_call", "id": "w1", "status": "completed", "action": {"query": "q"}}],
        [
            message(
                "assistant",
                {
                    "type": "server_tool_call",
                    "id": "w1",
                    "name": "web_search_call",
                    "server_tool_call": {"type": "web_search_call", "action": {"query": "q"}},
                },
            )
        ],
    ),
    "Anthropic": (
        {
            "type": "message",
            "role": "assistant",
            "stop_reason": "tool_use",
            "content": [
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "c1", "name": "weather", "input": ARGUMENTS},
            ],
        },
        [message("assistant", text("Let me see."), CALL, finish_reason="tool_call")],
    ),
    "Anthropic, a search at the provider": (
        {
            "role": "assistant",
            "stop_reason": "end_turn",
            "content": [
                {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}},
                {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []},
            ],
        },
        [
            message(
                "assistant",
                {
                    "type": "server_tool_call",
                    "id": "s1",
                    "name": "web_search",
                    "server_tool_call": {"query": "q"},
                },
                {
                    "type": "server_tool_call_response",
                    "id": "s1",
                    "server_tool_call_response": {"type": "web_search_tool_result", "content": []},
                },
                finish_reason="stop",
            )
        ],
    ),
    "Gemini": (
        {
            "candidates": [
                {
                    "finishReason": "MAX_TOKENS",
                    "content": {"role": "model", "parts": [{"text": "Hm", "thought": True}, {"text": "A"}]},
                }
            ]
        },
        [message("assistant", {"type": "reasoning", "content": "Hm"}, text("A"), finish_reason="length")],
    ),
    "Gemini, blocked": ({"candidates": [{"finish_reason": "SAFETY", "content": {"parts": None}}]}, []),
    "Google's agent kit": (
        {"content": {"role": "model", "parts": [{"text": "A"}]}, "finish_reason": "STOP"},
        [assistant("A", finish_reason="stop")],
    ),
    "Bedrock": (
        {"output": {"message": {"role": "assistant", "content": [{"text": "A"}]}}, "stopReason": "end_turn"},
        [assistant("A", finish_reason="stop")],
    ),
    "LangChain, generations": (
        {
            "generations": [
                [
                    {
                        "text": "A",
                        "generation_info": {"finish_reason": "stop"},
                        "message": {**LANGCHAIN, "kwargs": {"content": "A", "type": "ai"}},
                    }
                ]
            ]
        },
        [assistant("A", finish_reason="stop")],
    ),
    "LangChain, generations of text": ({"generations": [[{"text": "A"}]]}, [assistant("A")]),
    "LangGraph, commands": (
        [{"graph": None, "update": {"messages": [{"type": "ai", "content": "A"}]}}],
        [assistant("A")],
    ),
    "LangGraph, the whole state": (
        {"messages": [{"type": "human", "content": "Hi"}, {"type": "ai", "content": "A"}]},
        [assistant("A")],
    ),
    "LlamaIndex": (
        {"message": {"role": "assistant", "blocks": [{"block_type": "text", "text": "A"}]}, "raw": {}},
        [assistant("A")],
    ),
    "Ollama, chat": (
        {"message": {"role": "assistant", "content": "A"}, "done": True, "done_reason": "stop"},
        [assistant("A", finish_reason="stop")],
    ),
    "Ollama, generate": (
        {"response": "A", "done": True, "done_reason": "length"},
        [assistant("A", finish_reason="length")],
    ),
    "Cohere": (
        {
            "message": {"role": "assistant", "content": [{"type": "text", "text": "A"}]},
            "finish_reason": "COMPLETE",
        },
        [assistant("A", finish_reason="stop")],
    ),
    "Cohere, before version 2": (
        {"text": "A", "generation_id": "g", "finish_reason": "COMPLETE"},
        [assistant("A", finish_reason="stop")],
    ),
    "Haystack": (
        {
            "replies": [
                {"_role": "assistant", "_content": [{"text": "A"}], "_meta": {"finish_reason": "stop"}}
            ]
        },
        [assistant("A", finish_reason="stop")],
    ),
    "Haystack, texts": ({"replies": ["A"]}, [assistant("A")]),
    "CrewAI": ({"raw": "A", "agent": "Ada"}, [assistant("A")]),
    "Logfire's streams": ({"combined_chunk_content": "A", "chunk_count": 3}, [assistant("A")]),
}
