"""A model without a network: it asks for the weather tool once, and then answers."""

import json
from itertools import count
from typing import Any

import httpx
import openai

try:
    import httpx2 as http  # of the client's newest major version
except ImportError:
    http = httpx  # type: ignore[misc]

NAME = "gpt-4o-mini"
QUESTION = "Weather in Oslo?"
RESULT = "rain at 7 degrees"
ANSWER = "It rains."
_ids = count(1)


def answer(request: Any) -> Any:
    body = json.loads(request.content)
    if body["messages"][-1].get("content") == "fail":
        return http.Response(401, json={"error": {"message": "No such key."}})
    has_result = any(message["role"] == "tool" for message in body["messages"])
    asks = bool(body.get("tools")) and not has_result
    call = {"name": "get_weather", "arguments": '{"city": "Oslo"}'}
    message = (
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "type": "function", "function": call}],
        }
        if asks
        else {"role": "assistant", "content": ANSWER}
    )
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if asks else "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    body = {
        "id": f"chatcmpl-{next(_ids)}",
        "object": "chat.completion",
        "created": 1,
        "model": f"{NAME}-2024-07-18",
    }
    return http.Response(200, json={**body, "choices": [choice], "usage": usage})


async def answer_later(request: Any) -> Any:
    return answer(request)


def plain_http() -> Any:
    return http.Client(transport=http.MockTransport(answer))


def async_http() -> Any:
    return http.AsyncClient(transport=http.MockTransport(answer_later))


def async_client() -> Any:
    return openai.AsyncOpenAI(api_key="sk-test", http_client=async_http(), max_retries=0)
