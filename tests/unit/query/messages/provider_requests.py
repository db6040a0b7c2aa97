"""Requests as the providers and frameworks document them, with the messages that are in them."""

import json
from typing import Any

from tests.unit.query.messages.expected_messages import (
    ARGUMENTS,
    CALL,
    LANGCHAIN,
    OPENAI_CALL,
    RESPONSE,
    assistant,
    message,
    text,
    user,
)

REQUESTS: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "plain text": ("Hello", [user("Hello")]),
    "text encoded as JSON": ('"Hello"', [user("Hello")]),
    "a list of messages encoded twice": (
        json.dumps(json.dumps([{"role": "user", "content": "Hi"}])),
        [user("Hi")],
    ),
    "messages that are JSON each": ([json.dumps({"role": "user", "content": "Hi"})], [user("Hi")]),
    "OpenAI, with a call and its answer": (
        {
            "messages": [
                {"role": "system", "content": "Be brief"},
                {"role": "user", "content": "Weather?", "name": "zoë"},
                {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]},
                {"role": "tool", "tool_call_id": "c1", "content": "7 °C"},
            ]
        },
        [
            message("system", text("Be brief")),
            message("user", text("Weather?"), name="zoë"),
            message("assistant", CALL),
            message("tool", RESPONSE),
        ],
    ),
    "OpenAI, with a call of the time before tools": (
        [
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{broken"}},
            {"role": "function", "name": "f", "content": "done"},
        ],
        [
            message("assistant", {"type": "tool_call", "name": "f", "arguments": "{broken"}),
            message("tool", {"type": "tool_call_response", "response": "done"}, name="f"),
        ],
    ),
    "OpenAI, with images, audio and files": (
        [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                    {"type": "input_audio", "input_audio": {"data": "BBBB", "format": "wav"}},
                    {"type": "file", "file": {"file_id": "file-1"}},
                    {
                        "type": "file",
                        "file": {"file_data": "data:application/pdf;base64,CCCC", "filename": "a.pdf"},
                    },
                ],
            }
        ],
        [
            message(
                "user",
                text("What is this?"),
                {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
                {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "AAAA"},
                {"type": "blob", "mime_type": "audio/wav", "modality": "audio", "content": "BBBB"},
                {"type": "file", "modality": "document", "file_id": "file-1"},
                {"type": "blob", "mime_type": "application/pdf", "modality": "document", "content": "CCCC"},
            )
        ],
    ),
    "OpenAI responses, one text": ({"model": "gpt-5", "input": "Hi"}, [user("Hi")]),
    "OpenAI responses, items": (
        {
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
                {"type": "reasoning", "id": "r1", "summary": [{"type": "summary_text", "text": "Must look"}]},
                {
                    "type": "function_call",
                    "call_id": "c1",
                    "name": "weather",
                    "arguments": json.dumps(ARGUMENTS),
                },
                {"type": "function_call_output", "call_id": "c1", "output": "7 °C"},
            ]
        },
        [
            user("Weather?"),
            message("assistant", {"type": "reasoning", "content": "Must look"}, CALL),
            message("tool", RESPONSE),
        ],
    ),
    "OpenAI responses, media": (
        [
            {
                "role": "user",
                "content": [
                    {"type": "input_image", "image_url": "https://example.com/a.png"},
                    {"type": "input_image", "file_id": "file-1"},
                    {"type": "input_file", "file_id": "file-2"},
                ],
            }
        ],
        [
            message(
                "user",
                {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
                {"type": "file", "modality": "image", "file_id": "file-1"},
                {"type": "file", "modality": "document", "file_id": "file-2"},
            )
        ],
    ),
    "Anthropic": (
        {
            "messages": [
                {"role": "user", "content": "Weather?"},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "Must look", "signature": "…"},
                        {"type": "text", "text": "Let me see."},
                        {"type": "tool_use", "id": "c1", "name": "weather", "input": ARGUMENTS},
                    ],
                },
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "7 °C"}],
                },
            ]
        },
        [
            user("Weather?"),
            message("assistant", {"type": "reasoning", "content": "Must look"}, text("Let me see."), CALL),
            message("user", RESPONSE),
        ],
    ),
    "Anthropic, media": (
        [
            {
                "role": "user",
                "content": [
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                    },
                    {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
                    {"type": "document", "source": {"type": "file", "file_id": "file-1"}},
                    {"type": "document", "source": {"type": "text", "data": "A page"}},
                ],
            }
        ],
        [
            message(
                "user",
                {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "AAAA"},
                {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
                {"type": "file", "modality": "document", "file_id": "file-1"},
                text("A page"),
            )
        ],
    ),
    "Gemini": (
        {
            "contents": [
                {"role": "user", "parts": [{"text": "Weather?"}]},
                {
                    "role": "model",
                    "parts": [{"functionCall": {"name": "weather", "args": ARGUMENTS, "id": "c1"}}],
                },
                {
                    "role": "user",
                    "parts": [{"functionResponse": {"id": "c1", "name": "weather", "response": "7 °C"}}],
                },
            ]
        },
        [user("Weather?"), message("assistant", CALL), message("user", RESPONSE)],
    ),
    "Gemini, by the Python client, with media": (
        {
            "contents": [
                {
                    "parts": [
                        {"text": "Look", "thought": None},
                        {"inline_data": {"mime_type": "image/png", "data": "AAAA"}},
                        {"file_data": {"mime_type": "video/mp4", "file_uri": "gs://a/b.mp4"}},
                    ]
                }
            ]
        },
        [
            message(
                "user",
                text("Look"),
                {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "AAAA"},
                {"type": "uri", "mime_type": "video/mp4", "modality": "video", "uri": "gs://a/b.mp4"},
            )
        ],
    ),
    "Gemini, texts alone": ({"contents": "Hello"}, [user("Hello")]),
    "Bedrock": (
        {
            "messages": [
                {"role": "user", "content": [{"text": "Weather?"}, {"cachePoint": {"type": "default"}}]},
                {
                    "role": "assistant",
                    "content": [
                        {"reasoningContent": {"reasoningText": {"text": "Must look"}}},
                        {"toolUse": {"toolUseId": "c1", "name": "weather", "input": ARGUMENTS}},
                    ],
                },
                {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": "7 °C"}}]},
                {"role": "user", "content": [{"image": {"format": "png", "source": {"bytes": "AAAA"}}}]},
            ]
        },
        [
            user("Weather?"),
            message("assistant", {"type": "reasoning", "content": "Must look"}, CALL),
            message("user", RESPONSE),
            message(
                "user", {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "AAAA"}
            ),
        ],
    ),
    "Vercel AI SDK": (
        [
            {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "reasoning", "text": "Must look"},
                    {"type": "tool-call", "toolCallId": "c1", "toolName": "weather", "input": ARGUMENTS},
                ],
            },
            {
                "role": "tool",
                "content": [
                    {"type": "tool-result", "toolCallId": "c1", "output": {"type": "text", "value": "7 °C"}}
                ],
            },
        ],
        [
            user("Weather?"),
            message("assistant", {"type": "reasoning", "content": "Must look"}, CALL),
            message("tool", RESPONSE),
        ],
    ),
    "Vercel AI SDK before version 5": (
        [
            {
                "role": "assistant",
                "content": [
                    {"type": "tool-call", "toolCallId": "c1", "toolName": "weather", "args": ARGUMENTS}
                ],
            },
            {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "c1", "result": "7 °C"}]},
            {"role": "user", "content": [{"type": "image", "image": "https://example.com/a.png"}]},
            {"role": "user", "content": [{"type": "file", "data": "AAAA", "mediaType": "application/pdf"}]},
        ],
        [
            message("assistant", CALL),
            message("tool", RESPONSE),
            message("user", {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"}),
            message(
                "user",
                {"type": "blob", "mime_type": "application/pdf", "modality": "document", "content": "AAAA"},
            ),
        ],
    ),
    "LangChain, a batch of constructors": (
        {
            "messages": [
                [
                    {
                        "lc": 1,
                        "id": ["x", "SystemMessage"],
                        "kwargs": {"content": "Be brief", "type": "system"},
                    },
                    {"lc": 1, "id": ["x", "HumanMessage"], "kwargs": {"content": "Weather?"}},
                    {
                        **LANGCHAIN,
                        "kwargs": {
                            "content": "",
                            "tool_calls": [
                                {"name": "weather", "args": ARGUMENTS, "id": "c1", "type": "tool_call"}
                            ],
                        },
                    },
                    {
                        "lc": 1,
                        "id": ["x", "ToolMessage"],
                        "kwargs": {"content": "7 °C", "tool_call_id": "c1", "id": "m"},
                    },
                ]
            ]
        },
        [
            message("system", text("Be brief")),
            user("Weather?"),
            message("assistant", CALL),
            message("tool", RESPONSE),
        ],
    ),
    "LangChain, a call that is a block as well": (
        [
            {
                "type": "ai",
                "data": {
                    "content": [{"type": "tool_use", "id": "c1", "name": "weather", "input": ARGUMENTS}],
                    "tool_calls": [{"name": "weather", "args": ARGUMENTS, "id": "c1"}],
                },
            }
        ],
        [message("assistant", CALL)],
    ),
    "LangChain, calls of the provider": (
        [{"type": "ai", "content": "", "additional_kwargs": {"tool_calls": [OPENAI_CALL]}}],
        [message("assistant", CALL)],
    ),
    "LangChain, pairs": (
        {"messages": [["system", "Be brief"], ["human", "Hi"]]},
        [message("system", text("Be brief")), user("Hi")],
    ),
    "LangGraph, the state of a graph": (
        {"inputs": {"messages": [{"role": "user", "content": "Hi"}]}},
        [user("Hi")],
    ),
    "LlamaIndex": (
        {
            "messages": [
                {
                    "role": "user",
                    "additional_kwargs": {},
                    "blocks": [
                        {"block_type": "text", "text": "Look"},
                        {
                            "block_type": "image",
                            "url": "https://example.com/a.png",
                            "image_mimetype": "image/png",
                        },
                    ],
                },
                {
                    "role": "assistant",
                    "blocks": [
                        {"block_type": "thinking", "content": "Must look"},
                        {
                            "block_type": "tool_call",
                            "tool_name": "weather",
                            "tool_kwargs": ARGUMENTS,
                            "tool_call_id": "c1",
                        },
                    ],
                },
            ]
        },
        [
            message(
                "user",
                text("Look"),
                {
                    "type": "uri",
                    "mime_type": "image/png",
                    "modality": "image",
                    "uri": "https://example.com/a.png",
                },
            ),
            message("assistant", {"type": "reasoning", "content": "Must look"}, CALL),
        ],
    ),
    "Ollama, chat": (
        {"messages": [{"role": "user", "content": "Look", "images": ["AAAA"]}]},
        [message("user", text("Look"), {"type": "blob", "modality": "image", "content": "AAAA"})],
    ),
    "Ollama, generate": ({"model": "llama3", "prompt": "Hi", "system": "Be brief"}, [user("Hi")]),
    "Cohere, before version 2": (
        {"chat_history": [{"role": "CHATBOT", "message": "Hello!"}], "message": "Hi"},
        [assistant("Hello!"), user("Hi")],
    ),
    "Haystack": (
        {
            "messages": [
                {"role": "user", "content": [{"text": "Weather?"}]},
                {
                    "_role": "assistant",
                    "_content": [{"tool_call": {"tool_name": "weather", "arguments": ARGUMENTS, "id": "c1"}}],
                },
                {
                    "role": "tool",
                    "content": [{"tool_call_result": {"result": "7 °C", "origin": {"id": "c1"}}}],
                },
            ]
        },
        [user("Weather?"), message("assistant", CALL), message("tool", RESPONSE)],
    ),
    "LiveKit": (
        {
            "items": [
                {"type": "message", "role": "user", "content": ["Weather?"]},
                {
                    "type": "function_call",
                    "call_id": "c1",
                    "name": "weather",
                    "arguments": json.dumps(ARGUMENTS),
                },
                {"type": "function_call_output", "call_id": "c1", "output": "7 °C"},
            ]
        },
        [user("Weather?"), message("assistant", CALL), message("tool", RESPONSE)],
    ),
    "a completion": ({"prompt": "Once upon", "max_tokens": 5}, [user("Once upon")]),
    "the arguments of a function": ({"args": ["Hi"], "kwargs": {}}, [user("Hi")]),
    "one message, by its name": ({"message": "Hi"}, [user("Hi")]),
    "a question": ({"question": "Why?"}, [user("Why?")]),
    "a part of no known type": (
        [{"role": "user", "content": [{"type": "hologram", "beam": 7, "nothing": None}]}],
        [message("user", {"type": "hologram", "beam": 7})],
    ),
    "what nobody knows": ({"b": [1, 2]}, [user('{"b": [1, 2]}')]),
    "nothing": ({"args": [], "kwargs": {}}, []),
}
