"""The shop's three services, and what each does with one message of a customer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from watchkeeper_collector.demo.model import (
    GEMINI,
    GPT,
    GPT_MINI,
    HAIKU,
    INTENT,
    NEW_INTENT,
    SONNET,
    Answer,
    Conditions,
    Dialogue,
    Model,
    call_model,
    embed,
    text_part,
)
from watchkeeper_collector.demo.shop import Subject, Topic
from watchkeeper_collector.demo.story import NEW_ASSISTANT, NEW_SUPPORT, Versions
from watchkeeper_collector.demo.trace import (
    CLIENT,
    INTERNAL,
    SERVER,
    CallFailedError,
    Service,
    Trace,
    Value,
)

SEARCH = Service("product-search", "4.2.1")
ATTEMPTS = 3
RETRIED = (429, 529)
BACKOFF_S = 1.5
REFUSAL = "I'm sorry, but I can't help with that request."
RARELY = 0.01


@dataclass(slots=True)
class Message:
    """One message of a customer, with everything that answering it needs."""

    user: str
    session: str
    versions: Versions
    subject: Subject
    topic: Topic
    question: str
    dialogue: Dialogue
    conditions: Callable[[str], Conditions]
    """By provider."""
    document_tokens: int = 0
    """Of a document that comes with the message."""

    def hear(self) -> None:
        """Add what the customer says to the dialogue."""
        if self.document_tokens:
            self.dialogue.attach(self.question, f"file-{self.session}", self.document_tokens)
        else:
            self.dialogue.say("user", text_part(self.question))


@dataclass(frozen=True, slots=True)
class Run:
    """One service at work on one message with one model. ``extra`` is on each of its model calls."""

    trace: Trace
    service: Service
    model: Model
    message: Message
    extra: Mapping[str, Value]

    def ask(self, answer: Answer) -> None:
        """Call the model, again after a pause where it is over its limit. Raises ``CallFailedError``."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._call(answer)
            except CallFailedError as error:
                if error.status not in RETRIED or attempt == ATTEMPTS:
                    raise
                self.trace.spend(BACKOFF_S * attempt)
            else:
                return

    def use_tool(
        self, name: str, arguments: Mapping[str, Any], work: Callable[[], None] = lambda: None
    ) -> None:
        """The model asks for a tool and it runs; one that fails tells the model so, and the agent goes on."""
        call_id = f"call_{self.trace.rng.randbytes(6).hex()}"
        wish = {"type": "tool_call", "id": call_id, "name": name, "arguments": dict(arguments)}
        self.ask(Answer(wish, "tool_call"))
        attributes: dict[str, Value] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": name,
            "gen_ai.tool.call.id": call_id,
            "gen_ai.tool.call.arguments": json.dumps(arguments),
        }
        try:
            with self.trace.span(self.service, f"execute_tool {name}", INTERNAL, attributes) as span:
                result = _run_tool(self.trace, self.message, work)
                span.attributes["gen_ai.tool.call.result"] = json.dumps(result, ensure_ascii=False)
        except CallFailedError as error:
            result = {"error": str(error)}
        response = {"type": "tool_call_response", "id": call_id, "response": result}
        self.message.dialogue.say("tool", response)

    def agent_span(self) -> Any:
        name = self.extra["gen_ai.agent.name"]
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.request.model": self.model.name,
            **self.extra,
        }
        return self.trace.span(self.service, f"invoke_agent {name}", INTERNAL, attributes)

    def _call(self, answer: Answer) -> None:
        call_model(
            self.trace,
            self.service,
            self.model,
            self.message.dialogue,
            answer,
            conditions=self.message.conditions(self.model.provider),
            extra=self.extra,
            is_streaming=answer.part["type"] == "text" and self.model is not GEMINI,
        )


def answer_shopper(trace: Trace, message: Message) -> None:
    """The shop assistant: an agent that searches the catalogue and the stock, and streams its answer."""
    service = Service("shop-assistant", message.versions.assistant)
    is_new = message.versions.assistant == NEW_ASSISTANT
    extra = _extra(message, "shop-assistant", "assistant", "v8" if is_new else "v7")
    run = Run(trace, service, GPT if is_new else GPT_MINI, message, extra)
    with _request(trace, service, "POST /chat", message, "shopping"):
        _classify(trace, service, message)
        with run.agent_span():
            message.hear()
            if trace.rng.random() < 0.75:
                wish = {"query": message.subject.product.category, "limit": 5}
                run.use_tool("search_products", wish, partial(_ask_search, trace, service, message))
            if trace.rng.random() < 0.35:
                run.use_tool("check_stock", {"sku": _slug(message.subject.product.name)})
            run.ask(_final(trace, message))


def answer_customer(trace: Trace, message: Message) -> None:
    """Order support: looks the order up, refunds, and hands a quarter of the messages to a bigger model."""
    model = SONNET if trace.rng.random() < 0.25 else HAIKU
    service = Service("order-support", message.versions.support)
    is_new = message.versions.support == NEW_SUPPORT
    extra = _extra(message, "order-support", "support", "v4" if is_new else "v3")
    run = Run(trace, service, model, message, extra)
    with _request(trace, service, "POST /support", message, "support"), run.agent_span():
        message.hear()
        order = {"order_id": message.subject.order}
        run.use_tool("look_up_order", order)
        if "money back" in message.question:
            run.use_tool("refund", order | {"amount_eur": message.subject.product.price})
        run.ask(_final(trace, message, refused=message.topic.refused if is_new else RARELY))


def answer_search(trace: Trace, message: Message) -> None:
    """Product search: embedding, retrieval, one sentence over the results."""
    run = Run(trace, SEARCH, GEMINI, message, _extra(message, "", "search-summary", "v2"))
    with _request(trace, SEARCH, "GET /search", message, "search"):
        _retrieve(trace, message)
        message.hear()
        run.ask(_final(trace, message))


APPLICATIONS: dict[str, Callable[[Trace, Message], None]] = {
    "advice": answer_shopper,
    "support": answer_customer,
    "search": answer_search,
}
"""By topic."""


def _request(trace: Trace, service: Service, route: str, message: Message, feature: str) -> Any:
    """The root span. Only it names the user: the collector passes that on to the trace's other spans."""
    method, _, path = route.partition(" ")
    attributes: dict[str, Value] = {
        "http.request.method": method,
        "http.route": path,
        "user.id": message.user,
        "session.id": message.session,
        "app.feature": feature,
    }
    return trace.span(service, route, SERVER, attributes)


def _extra(message: Message, agent: str, prompt: str, version: str) -> dict[str, Value]:
    """What every model call of a conversation carries besides the call itself."""
    extra: dict[str, Value] = {
        "gen_ai.conversation.id": message.session,
        "gen_ai.prompt.name": prompt,
        "gen_ai.prompt.version": version,
    }
    return extra | {"gen_ai.agent.name": agent} if agent else extra


def _classify(trace: Trace, service: Service, message: Message) -> None:
    """What the customer wants, by the shop's own model; it answers in JSON."""
    dialogue = Dialogue("Name the customer's intent as JSON.")
    dialogue.say("user", text_part(message.question))
    verdict = json.dumps({"intent": "advice", "confidence": round(trace.rng.uniform(0.7, 1), 2)})
    is_fenced = message.versions.is_intent_fenced
    answer = Answer(text_part(f"```json\n{verdict}\n```" if is_fenced else verdict))
    never_fails = Conditions(rate_limited=0, timed_out=0)
    extra: dict[str, Value] = {"gen_ai.output.type": "json"}
    call_model(
        trace,
        service,
        NEW_INTENT if is_fenced else INTENT,
        dialogue,
        answer,
        conditions=never_fails,
        extra=extra,
    )


def _ask_search(trace: Trace, service: Service, message: Message) -> None:
    """A tool's work that another service does: its spans are part of the trace."""
    request: dict[str, Value] = {"http.request.method": "GET", "server.address": "search.shop.internal"}
    with (
        trace.span(service, "GET", CLIENT, request),
        trace.span(SEARCH, "GET /search", SERVER, {"http.route": "/search"}),
    ):
        _retrieve(trace, message)


def _run_tool(trace: Trace, message: Message, work: Callable[[], None]) -> dict[str, Any]:
    trace.spend(trace.rng.uniform(0.02, 0.2))
    if trace.rng.random() < 0.02:
        raise CallFailedError("ConnectionError", "warehouse database: connection refused")
    work()
    product = message.subject.product
    return {"name": product.name, "price_eur": product.price, "note": product.detail, "in_stock": True}


def _retrieve(trace: Trace, message: Message) -> None:
    """Embed the search text and look its neighbours up."""
    embed(trace, SEARCH, message.question, message.conditions("openai"))
    documents = [
        {"id": _slug(message.subject.product.name), "score": round(trace.rng.uniform(0.6, 0.95), 3)},
        {"id": _slug(message.subject.other.name), "score": round(trace.rng.uniform(0.4, 0.6), 3)},
    ]
    attributes: dict[str, Value] = {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.data_source.id": "products",
        "gen_ai.retrieval.query.text": message.question,
        "gen_ai.retrieval.documents": json.dumps(documents),
    }
    with trace.span(SEARCH, "retrieval products", CLIENT, attributes):
        trace.spend(trace.rng.uniform(0.01, 0.06))


def _final(trace: Trace, message: Message, refused: float = RARELY) -> Answer:
    """The answer to the customer: now and then a refusal, rarely one that was cut off."""
    fate = trace.rng.random()
    if fate < refused:
        return Answer(text_part(REFUSAL), "content_filter")
    text = message.subject.fill(trace.rng.choice(message.topic.answers))
    if fate < refused + RARELY:
        return Answer(text_part(text[: len(text) // 2]), "length")
    return Answer(text_part(text))


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")
