"""The shop's services as they would be written: real clients, and the SDK's few lines around them."""

import contextlib
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import anthropic
import openai
import watchkeeper

from watchkeeper_collector.demo.shop import Subject, choose_subject, load_shop

USERS = 400
MOST_ROUNDS = 3
ATTEMPTS = ("claude-haiku-4-5", "claude-sonnet-4-6", "claude-haiku-4-5", "claude-sonnet-4-6")
BACKOFF_S = 0.5
SPENDER = "user-017"
DEAR_MODEL = "o1"
SCRIPT_FROM_S, SCRIPT_CALLS, SCRIPT_PAUSE_S = 420.0, 20, 3.0
FEEDBACK_GIVEN, PLEASED = 0.25, 0.85
REFUSALS = ("content_filter", "refusal")
PRODUCTS_TOOL: Any = {
    "type": "function",
    "function": {
        "name": "search_products",
        "description": "Search the catalogue.",
        "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    },
}
ORDER_TOOL: Any = {
    "name": "look_up_order",
    "description": "Look up an order.",
    "input_schema": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
}


@dataclass(slots=True)
class Visit:
    """A customer's conversation."""

    user: str
    session: str
    subject: Subject
    history: list[Any] = field(default_factory=list)


class Assistant:
    """Product advice: OpenAI's models with a tool, Gemini's for the summary of search results."""

    release = "1.9.0"
    topic = "advice"
    pause_s = (4.0, 14.0)

    def __init__(self, proxy: str) -> None:
        self._openai = openai.OpenAI(
            api_key="demo",
            base_url="http://api.openai.com/v1",
            http_client=openai.DefaultHttpxClient(proxy=proxy),
        )
        self._gemini = openai.OpenAI(
            api_key="demo",
            base_url="http://generativelanguage.googleapis.com/v1beta/openai/",
            http_client=openai.DefaultHttpxClient(proxy=proxy),
        )

    def close(self) -> None:
        self._openai.close()
        self._gemini.close()

    @watchkeeper.agent(name="shop-assistant")
    def answer(self, visit: Visit, question: str) -> str:
        """Ask the model, run the tool that it wants, and stream the answer."""
        topic = load_shop().topics[self.topic]
        system = topic.system + topic.system_addition
        visit.history.append({"role": "user", "content": question})
        for _ in range(MOST_ROUNDS):
            asked = self._openai.chat.completions.create(
                model="gpt-5",
                messages=[{"role": "system", "content": system}, *visit.history],
                tools=[PRODUCTS_TOOL],
            )
            said = asked.choices[0].message
            if not said.tool_calls:
                break
            call: Any = said.tool_calls[0]
            visit.history.append({"role": "assistant", "tool_calls": [call.model_dump()]})
            found = self.search_products(visit.subject, json.loads(call.function.arguments)["query"])
            visit.history.append({"role": "tool", "tool_call_id": call.id, "content": found})
        return self._stream(visit, system)

    @watchkeeper.tool(name="search_products")
    def search_products(self, subject: Subject, query: str) -> str:
        """Embed the query and summarise what is near."""
        self._openai.embeddings.create(model="text-embedding-3-small", input=query, dimensions=256)
        results = f"{subject.product.name}, {subject.other.name}"
        summary = self._gemini.chat.completions.create(
            model="gemini-2.5-flash",
            messages=[
                {"role": "system", "content": load_shop().topics["search"].system},
                {"role": "user", "content": f"{query}: {results}"},
            ],
        )
        return summary.choices[0].message.content or ""

    def read_document(self, visit: Visit, question: str) -> str:
        """Have a dear model read a long document. Raises ``openai.APIError``."""
        document: Any = {"type": "file", "file": {"file_id": f"file-{visit.session}"}}
        read = self._openai.chat.completions.create(
            model=DEAR_MODEL,
            messages=[
                {"role": "system", "content": load_shop().topics[self.topic].system},
                {"role": "user", "content": [{"type": "text", "text": question}, document]},
            ],
        )
        return read.choices[0].message.content or ""

    def _stream(self, visit: Visit, system: str) -> str:
        stream = self._openai.chat.completions.create(
            model="gpt-5-mini",
            messages=[{"role": "system", "content": system}, *visit.history],
            stream=True,
            stream_options={"include_usage": True},
        )
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        visit.history.append({"role": "assistant", "content": text})
        return text


class Support:
    """Questions about orders: Anthropic's models."""

    release = "2.1.0"
    topic = "support"
    pause_s = (2.0, 7.0)

    def __init__(self, proxy: str) -> None:
        self._anthropic = anthropic.Anthropic(
            api_key="demo",
            base_url="http://api.anthropic.com",
            http_client=anthropic.DefaultHttpxClient(proxy=proxy),
            max_retries=0,  # it goes over to another model instead
        )

    def close(self) -> None:
        self._anthropic.close()

    @watchkeeper.agent(name="order-support")
    def answer(self, visit: Visit, question: str) -> str:
        """Look the order up where the model wants it, then stream the answer."""
        topic = load_shop().topics[self.topic]
        system = topic.system + topic.system_addition
        visit.history.append({"role": "user", "content": question})
        first = self._ask(system, visit.history)
        visit.history.append({"role": "assistant", "content": [b.model_dump() for b in first.content]})
        if first.stop_reason != "tool_use":
            return str(getattr(first.content[0], "text", ""))
        wish: Any = first.content[0]
        result = {"type": "tool_result", "tool_use_id": wish.id, "content": self.look_up_order(visit.subject)}
        visit.history.append({"role": "user", "content": [result]})
        with self._anthropic.messages.stream(
            model="claude-sonnet-4-6", max_tokens=300, system=system, messages=visit.history
        ) as stream:
            text = "".join(stream.text_stream)
        visit.history.append({"role": "assistant", "content": text})
        return text

    def _ask(self, system: str, history: list[Any]) -> anthropic.types.Message:
        """The answer of the first model that gives one. Raises ``anthropic.APIError`` if none does."""
        for number, model in enumerate(ATTEMPTS, 1):
            try:
                return self._anthropic.messages.create(
                    model=model, max_tokens=300, system=system, messages=history, tools=[ORDER_TOOL]
                )
            except anthropic.InternalServerError:
                if number == len(ATTEMPTS):
                    raise
                time.sleep(BACKOFF_S)
        raise AssertionError(ATTEMPTS)

    @watchkeeper.tool(name="look_up_order")
    def look_up_order(self, subject: Subject) -> str:
        return json.dumps({"order": subject.order, "product": subject.product.name, "state": "on its way"})


Service = Assistant | Support
SERVICES: dict[str, Callable[[str], Service]] = {"shop-assistant": Assistant, "order-support": Support}
RELEASES = {"shop-assistant": Assistant.release, "order-support": Support.release}
PROMPTS = {"advice": ("assistant", "v8"), "support": ("support", "v4")}
FEATURES = {"advice": "shopping", "support": "support"}


def serve_customers(service: Service, rng: random.Random) -> Iterator[None]:
    """One message of one customer at each step, without end. What fails is on the spans."""
    topic = load_shop().topics[service.topic]
    while True:
        user = f"user-{int(USERS * rng.random() ** 2):03d}"
        visit = Visit(user, f"s-{rng.randbytes(6).hex()}", choose_subject(rng, load_shop()))
        for number in range(rng.randint(1, 4)):
            texts = topic.follow_ups if number else topic.questions
            try:
                _serve(service, visit, visit.subject.fill(rng.choice(texts)), rng)
            except (openai.APIError, anthropic.APIError):
                break
            finally:
                yield
        yield


def run_script(assistant: Assistant, rng: random.Random, wait: Callable[[float], bool]) -> None:
    """One customer's script: a message with a long document, again and again, until it costs real money.

    ``wait`` waits so many seconds; True: it is over.
    """
    if wait(SCRIPT_FROM_S):
        return
    topic, shop = load_shop().topics[assistant.topic], load_shop()
    for _ in range(SCRIPT_CALLS):
        visit = Visit(SPENDER, f"s-{rng.randbytes(6).hex()}", choose_subject(rng, shop))
        question = visit.subject.fill(rng.choice(topic.questions))
        with contextlib.suppress(openai.APIError):  # on the span
            _read(assistant, visit, question)
        if wait(SCRIPT_PAUSE_S):
            return


@watchkeeper.trace(name="POST /chat")
def _read(assistant: Assistant, visit: Visit, question: str) -> str:
    feature, prompt = FEATURES[assistant.topic], PROMPTS[assistant.topic]
    with watchkeeper.context(session=visit.session, user=visit.user, feature=feature, prompt=prompt):
        return assistant.read_document(visit, question)


@watchkeeper.trace(name="POST /chat")
def _serve(service: Service, visit: Visit, question: str, rng: random.Random) -> str:
    feature, prompt = FEATURES[service.topic], PROMPTS[service.topic]
    with watchkeeper.context(session=visit.session, user=visit.user, feature=feature, prompt=prompt):
        text = service.answer(visit, question)
        if rng.random() < FEEDBACK_GIVEN:
            pleased = PLEASED if "can't help" not in text else 1 - PLEASED
            value = rng.random() < pleased
            watchkeeper.score(value, name="helpful", trace_id=watchkeeper.current_trace_id())
    return text
