"""An agent that answers customers with two tools, written by hand around OpenAI's client.

python -m examples.agent "Where is order 1042?"
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import openai
import watchkeeper

from examples.model_server import MODEL, connect

ORDERS = {1042: "shipped on Monday, arrives on Thursday", 1043: "waiting for a payment"}
SYSTEM = {"role": "system", "content": "You answer customers of a shop. Look orders up before you answer."}
MAX_STEPS = 5


@watchkeeper.tool
def find_order(number: int) -> str:
    """The state of an order."""
    return f"Order {number} is {ORDERS.get(number, 'unknown to us')}."


@watchkeeper.tool
def cancel_order(number: int) -> str:
    """Cancel an order that has not been shipped."""
    return f"Order {number} is cancelled."


TOOLS: dict[str, Callable[[int], str]] = {"find_order": find_order, "cancel_order": cancel_order}
NUMBER = {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]}
DEFINITIONS: list[Any] = [
    {"type": "function", "function": {"name": name, "description": tool.__doc__, "parameters": NUMBER}}
    for name, tool in TOOLS.items()
]


@watchkeeper.agent(name="support")
def answer(client: openai.OpenAI, question: str) -> tuple[str, str | None]:
    """The answer, and the id of its trace."""
    messages: list[Any] = [SYSTEM, {"role": "user", "content": question}]
    for _ in range(MAX_STEPS):
        reply = client.chat.completions.create(model=MODEL, messages=messages, tools=DEFINITIONS)
        message = reply.choices[0].message
        if not message.tool_calls:
            return message.content or "", watchkeeper.current_trace_id()
        messages.append(message)
        messages += [run(call) for call in message.tool_calls]
    return "I could not find that out.", watchkeeper.current_trace_id()


def run(call: Any) -> dict[str, str]:
    """The result of a tool that the model called, as the message that tells it."""
    tool = TOOLS.get(call.function.name)
    result = tool(**json.loads(call.function.arguments)) if tool else f"No tool '{call.function.name}'."
    return {"role": "tool", "tool_call_id": call.id, "content": result}


def main() -> None:
    handle = watchkeeper.instrument(service_name="support-agent", capture="all")
    question = " ".join(sys.argv[1:]) or "Where is order 1042?"
    with watchkeeper.context(session="conversation-1", user="alice", feature="orders"):
        text, trace_id = answer(openai.OpenAI(**connect()), question)
    print(text)
    print(f"trace {trace_id}: {watchkeeper.trace_url(trace_id or '')}")
    handle.shutdown()


if __name__ == "__main__":
    main()
