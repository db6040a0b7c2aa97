"""Values planted everywhere in real calls of OpenAI's client: none of them is in a byte that leaves."""

import json
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

import openai
import pytest
import watchkeeper
from opentelemetry.trace import Status, StatusCode, get_current_span

from tests.sdk.collector import Collector, Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.openai_subjects import COMPLETION, SERVER, http
from tests.sdk.contract.wire import Reply, Wire, events
from tests.sdk.redaction.values import MAKERS, grouped_card, luhn_digit

Seer = Callable[[watchkeeper.Handle], list[Seen]]
REDACT = {"redact": True, "redact_labels": True}


class Planted:
    """Makes values of all kinds, each only once, and remembers them."""

    def __init__(self) -> None:
        self._random = Random(5)
        self.values: list[str] = []

    def __call__(self, place: str) -> str:
        """A sentence for one place, with a value of every kind and a secret."""
        number = len(self.values)
        made = {kind: make(self._random) for kind, make in MAKERS.items()}
        digits = f"4{self._random.randrange(10**14):014}"
        made["card"] = grouped_card(digits + luhn_digit(digits), " ")
        made["secret"] = f"sk-proj-planted{number:04}abcdef"
        self.values += made.values()
        return f"{place}: " + "; ".join(f"{kind} {value}" for kind, value in made.items()) + "."

    def left_in(self, body: bytes) -> list[str]:
        text = body.decode("utf-8", "replace")
        spellings = {value: (value, json.dumps(value)[1:-1], "".join(value.split())) for value in self.values}
        return [value for value, spelled in spellings.items() if any(one in text for one in spelled)]


@pytest.fixture
def planted() -> Planted:
    return Planted()


@pytest.fixture
def sent(collector: Collector) -> Callable[[], bytes]:
    return lambda: b"\n".join(request.path.encode() + request.body for request in collector.received)


def client(reply: Reply) -> Any:
    return openai.OpenAI(**SERVER, http_client=Wire(http(), reply).client())


def question(planted: Planted) -> dict[str, Any]:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "find", "arguments": json.dumps({"who": planted("argument"), "n": 1})},
    }
    parts = [
        {"type": "text", "text": planted("first part")},
        {"type": "text", "text": planted("second part")},
    ]
    schema = {"type": "object", "properties": {"who": {"type": "string", "description": planted("schema")}}}
    return {
        "model": "gpt-4o",
        "user": planted("user"),
        "stop": [planted("stop")],
        "metadata": {"note": planted("metadata")},
        "messages": [
            {"role": "system", "content": planted("system")},
            {"role": "user", "content": parts, "name": "ann"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {
                "role": "tool",
                "tool_call_id": "call_1",
                "content": json.dumps({"found": planted("tool result")}),
            },
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "find", "description": planted("tool"), "parameters": schema},
            }
        ],
    }


def answer(planted: Planted) -> dict[str, Any]:
    arguments = json.dumps({"to": planted("made argument")})
    message = {
        "role": "assistant",
        "content": planted("answer"),
        "refusal": planted("refusal"),
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "send", "arguments": arguments}}],
    }
    return {
        **COMPLETION,
        "choices": [{"index": 0, "finish_reason": "stop", "message": message, "logprobs": None}],
    }


def chunks(planted: Planted) -> Iterator[Mapping[str, Any]]:
    """A stream that cuts values wherever it likes."""
    text = planted("streamed")
    for place in range(0, len(text), 7):
        delta = {"role": "assistant", "content": text[place : place + 7]}
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        yield {**COMPLETION, "object": "chat.completion.chunk", "choices": [choice], "usage": None}


def test_nothing_planted_leaves_with_a_call(
    planted: Planted, watch: Watch, seen: Seer, sent: Callable[[], bytes]
) -> None:
    handle = watch(**REDACT)
    labels = {
        "session": planted("session"),
        "user": planted("label"),
        "feature": planted("feature"),
        "prompt": (planted("prompt"), "v1"),
        "variables": {"name": planted("variable")},
        "tags": {"customer": planted("tag"), "password": "swordfish"},
    }
    with watchkeeper.context(**labels):
        client(Reply(answer(planted))).chat.completions.create(**question(planted))
    (span,) = seen(handle)
    assert planted.left_in(sent()) == []
    assert b"swordfish" not in sent()
    assert span.attributes["watchkeeper.content.redacted"] == "true"
    for kind in (*MAKERS, "secret"):
        assert span.attributes[f"watchkeeper.redaction.hits.{kind}"] >= 10
    assert "first part: email [EMAIL]" in span.attributes["gen_ai.input.messages"]


def test_nothing_planted_leaves_with_a_stream(
    planted: Planted, watch: Watch, seen: Seer, sent: Callable[[], bytes]
) -> None:
    handle = watch(**REDACT)
    reply = Reply(chunks=(*events(*chunks(planted)), b"data: [DONE]\n\n"), content_type="text/event-stream")
    list(client(reply).chat.completions.create(**question(planted), stream=True))
    assert len(seen(handle)) == 1
    assert planted.left_in(sent()) == []


def test_nothing_planted_leaves_with_a_failure(
    planted: Planted, watch: Watch, seen: Seer, sent: Callable[[], bytes]
) -> None:
    handle = watch(**REDACT)
    body = {"error": {"message": planted("error"), "type": "invalid_request_error", "code": planted("code")}}
    with pytest.raises(openai.BadRequestError):
        client(Reply(body, status=400)).chat.completions.create(**question(planted))
    (span,) = seen(handle)
    assert span.is_error
    assert "[EMAIL]" in span.status_message
    assert "[EMAIL]" in span.events[0][1]["exception.stacktrace"]
    assert planted.left_in(sent()) == []


def test_nothing_planted_leaves_with_steps_and_scores(
    planted: Planted, watch: Watch, seen: Seer, sent: Callable[[], bytes]
) -> None:
    handle = watch(**REDACT)

    @watchkeeper.tool
    def find(who: str, more: dict[str, Any]) -> list[Any]:
        span = get_current_span()
        span.add_event("note", {"text": planted("event")})
        span.set_attribute("app.note", planted("attribute"))
        span.set_status(Status(StatusCode.ERROR, planted("status")))
        watchkeeper.score(1.0, name="helpful", comment=planted("comment"))
        return [{"id": planted("id"), "type": planted("type")}, who, more]

    @watchkeeper.trace
    def fail(text: str) -> None:
        raise ValueError(text)

    find(planted("positional"), {planted("key"): [planted("list")], "deep": {"role": planted("role")}})
    with pytest.raises(ValueError, match="raised"):
        fail(planted("raised"))
    assert len(seen(handle)) == 2
    assert planted.left_in(sent()) == []


def test_secrets_never_leave_by_default(
    planted: Planted, watch: Watch, seen: Seer, sent: Callable[[], bytes]
) -> None:
    handle = watch()
    with watchkeeper.context(tags={"customer": planted("tag")}):
        client(Reply(answer(planted))).chat.completions.create(**question(planted))
    (span,) = seen(handle)
    assert {value for value in planted.left_in(sent()) if value.startswith("sk-")} == set()
    assert span.attributes["watchkeeper.redaction.hits.secret"] >= 10
    assert "watchkeeper.redaction.detectors" not in span.attributes


def test_a_detector_that_fails_lets_nothing_through(
    planted: Planted, watch: Watch, seen: Seer, sent: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("watchkeeper.redaction.secret.SecretDetector.__call__", fail)
    handle = watch(**REDACT, strict=False)
    failing = client(Reply({"error": {"message": planted("error")}}, status=400))
    asked = question(planted)
    with watchkeeper.context(tags={"customer": planted("tag")}), pytest.raises(openai.BadRequestError):
        failing.chat.completions.create(**asked)
    (span,) = seen(handle)
    assert planted.left_in(sent()) == []
    assert span.attributes["watchkeeper.content.redacted"] == "failed"
    assert [dict(attributes) for _, attributes in span.events] == [
        {"exception.type": "openai.BadRequestError"}
    ]
