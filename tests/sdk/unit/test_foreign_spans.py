"""Spans of other instrumentations, and the application's own, obey `capture` and `redact` as ours do."""

import base64
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import watchkeeper
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, get_current_span
from watchkeeper import Handle
from watchkeeper.dialects import CONTENT_EVENTS, is_content, is_dropped
from watchkeeper.foreign import allow, allow_structure, find_reason
from watchkeeper.redaction import Redaction
from watchkeeper.settings import Settings

from tests.sdk.captured import DIALECTS, contents, replay
from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch

CONVENTIONS = Path(__file__).parents[3] / "schemas" / "watchkeeper_schemas" / "conventions"
SECRET = "the launch code is 0000"
NONE = Settings(capture="none")
SAMPLED = Settings(capture="sampled", sample_ratio=0.0, slow_s=10, dear_usd=0.5)
ALL = Settings(capture="all")
PLAIN = Redaction(None)


def span(*, end_s: int = 1, trace_id: int = 1 << 120, **more: Any) -> ReadableSpan:
    context = SpanContext(trace_id, 2, is_remote=False)
    given = {"name": "span", "resource": Resource({}), "start_time": 0, "end_time": end_s * 10**9}
    return ReadableSpan(context=context, **{**given, **more})


def called(**attributes: Any) -> dict[str, Any]:
    dotted = {name.replace("__", "."): value for name, value in attributes.items()}
    return {"openinference.span.kind": "LLM", "input.value": SECRET, **dotted}


def test_the_table_of_content_has_all_that_the_collector_knows() -> None:
    content = tomllib.loads((CONVENTIONS / "columns.toml").read_text("utf-8"))["content"]
    names = [*content["input"], *content["output"], *content["other"]]
    names += [f"{prefix}0.x" for prefix in content["prefixes"]]
    names += [f"{prefix}12.content" for prefix in content["numbered"]]
    assert [name for name in names if not is_content(name)] == []
    assert set(content["events"]) <= set(CONTENT_EVENTS)
    assert all(is_dropped(f"embedding.embeddings.0{suffix}") for suffix in content["dropped_suffixes"])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_content_of_any_dialect_leaves_when_none_is_captured(
    dialect: str, watch: Watch, seen: Callable[[Handle], list[Seen]]
) -> None:
    handle = watch(capture="none")
    captured = replay(dialect, handle.tracer_provider)
    spans = seen(handle)
    left = json.dumps([span.texts() for span in spans], ensure_ascii=False)
    assert [text for text in contents(dialect) if text in left] == []
    assert [span for span in spans if not set(span.attributes) <= _known(captured)] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_all_else_of_a_dialect_stays(
    dialect: str, watch: Watch, seen: Callable[[Handle], list[Seen]]
) -> None:
    """What the collector normalises beside content is the same with and without it."""
    columns = tomllib.loads((CONVENTIONS / "columns.toml").read_text("utf-8"))
    names = {
        source
        for column, value in columns.items()
        if column not in ("content", "document", "error_message", "usage") and isinstance(value, dict)
        for source in value.get("sources", ())
        if "/" not in source and not is_content(source)
    }
    with_content, without = watch(capture="all"), None
    replay(dialect, with_content.tracer_provider)
    before = [_told(span, names) for span in seen(with_content)]
    with_content.shutdown(5)
    without = watch(capture="none")
    replay(dialect, without.tracer_provider)
    assert [_told(span, names) for span in seen(without)[len(before) :]] == before


def _told(span: Seen, names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in span.attributes.items() if name in names}


def _known(captured: list[Any]) -> set[str]:
    return {attribute.key for span in captured for attribute in span.attributes}


@pytest.mark.parametrize(
    ("expected", "facts"),
    [
        (None, {}),
        ("sampled", {"trace_id": 1 << 120, "settings": Settings(sample_ratio=1.0)}),
        ("error", {"status": Status(StatusCode.ERROR)}),
        ("error", {"events": (Event("exception", {"exception.type": "ValueError"}),)}),
        ("error", {"attributes": called(langfuse__observation__level="ERROR")}),
        ("error", {"attributes": called(error__type="429")}),
        ("slow", {"end_s": 10}),
        ("dear", {"attributes": called(operation__cost=0.6)}),
        ("truncated", {"attributes": called(gen_ai__response__finish_reasons=("length",))}),
        ("truncated", {"attributes": called(gen_ai__response__finish_reasons='["max_tokens"]')}),
        ("refusal", {"attributes": called(ai__response__finishReason="content-filter")}),
        (
            "empty",
            {
                "attributes": called(
                    gen_ai__output__messages='[{"role":"assistant","parts":[{"type":"text"}]}]'
                )
            },
        ),
        (None, {"attributes": called(gen_ai__output__messages='[["odd"], {"parts": 3}]')}),
        ("all", {"settings": ALL}),
        (None, {"settings": NONE, "status": Status(StatusCode.ERROR)}),
    ],
)
def test_content_of_others_is_kept_for_the_same_reasons(expected: str | None, facts: dict[str, Any]) -> None:
    facts = {"attributes": called(), **facts}
    settings = facts.pop("settings", SAMPLED)
    made = span(**facts)
    allowed = allow(made, settings, PLAIN)
    assert find_reason(made, settings) == expected
    assert allowed.attributes.get("watchkeeper.content.kept") == expected
    assert (SECRET in allowed.attributes.values()) is (expected is not None)


def test_an_agent_that_takes_long_is_no_slow_call() -> None:
    agent = {"openinference.span.kind": "AGENT", "input.value": SECRET}
    assert find_reason(span(attributes=agent, end_s=60), SAMPLED) is None


def test_the_applications_own_attributes_stay() -> None:
    own = {
        "tenant": "acme",
        "http.route": "/chat",
        "note": "a long text of the application's own, " * 20,
        "document": '{"about": "an order"}',
        "events": 3,
        "flags": (True, False),
    }
    assert allow(span(attributes=own), NONE, PLAIN).attributes == own


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.novelty.text": SECRET},
        {"ai.novelty": SECRET},
        {"novelty": json.dumps({"said": SECRET, "type": "x", "deep": [{"type": {"said": SECRET}}, SECRET]})},
        {"novelty": SECRET * 20},
        {"gen_ai.agent.description": SECRET * 20},
        {"llm.invocation_parameters": json.dumps({"instructions": SECRET, "tools": [{"name": SECRET}]})},
        {"llm.invocation_parameters": SECRET},
        {"langfuse.observation.metadata.tools": json.dumps([SECRET])},
        {"llm.headers": SECRET},
        {"input.value": (SECRET, "b")},
        {"error.message": SECRET},
    ],
)
def test_what_nobody_knows_of_a_genai_span_is_content(attributes: dict[str, Any]) -> None:
    given = {"gen_ai.operation.name": "chat", **attributes}
    allowed = allow(span(attributes=given), NONE, PLAIN)
    assert SECRET not in repr(allowed.attributes)
    assert allowed.attributes["gen_ai.operation.name"] == "chat"


def test_parameters_stay_without_the_texts_among_them() -> None:
    document = json.dumps({"model": "gpt-4o", "temperature": 0.5, "stop": ["END"], "instructions": SECRET})
    given = {"openinference.span.kind": "LLM", "llm.invocation_parameters": document}
    kept = allow(span(attributes=given), NONE, PLAIN).attributes["llm.invocation_parameters"]
    assert json.loads(kept) == {"model": "gpt-4o", "temperature": 0.5, "stop": []}


def test_events_and_links_tell_what_happened_and_not_what_was_said() -> None:
    made = span(
        attributes={"gen_ai.operation.name": "chat"},
        events=(
            Event("gen_ai.user.message", {"content": SECRET, "role": "user", "gen_ai.system": "openai"}, 1),
            Event("gen_ai.choice", {"message": SECRET, "index": 0, "finish_reason": "stop"}, 2),
            Event("mlflow.chunk.item.0", {"mlflow.chunk.value": SECRET}, 3),
            Event("exception", {"exception.type": "E", "exception.message": SECRET}, 4),
            Event("cache", {"hit": "yes"}, 5),
        ),
        links=(Link(SpanContext(1, 1, is_remote=True), {"input.value": SECRET, "why": "batch"}),),
        status=Status(StatusCode.ERROR, f"E: {SECRET}"),
    )
    allowed = allow(made, NONE, PLAIN)
    assert [(event.name, dict(event.attributes or {}), event.timestamp) for event in allowed.events] == [
        ("gen_ai.user.message", {"role": "user", "gen_ai.system": "openai"}, 1),
        ("gen_ai.choice", {"index": 0, "finish_reason": "stop"}, 2),
        ("mlflow.chunk.item.0", {}, 3),
        ("exception", {"exception.type": "E"}, 4),
        ("cache", {"hit": "yes"}, 5),
    ]
    assert dict(allowed.links[0].attributes or {}) == {"why": "batch"}
    assert (allowed.status.status_code, allowed.status.description) == (StatusCode.ERROR, "E")


def test_redaction_runs_over_everything_that_somebody_wrote() -> None:
    made = span(
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": r'[{"role": "user", "parts": [{"content": "I am Zo\u00eb"}]}]',
            "customer": "Zoë",
            "names": ("Zoë", "Ann"),
        },
        events=(Event("exception", {"exception.message": "no Zoë, key sk-abcdefghijklmnop"}),),
        status=Status(StatusCode.ERROR, "no Zoë"),
    )
    allowed = allow(made, ALL, Redaction(lambda text: text.replace("Zoë", "[NAME]")))
    messages = json.loads(allowed.attributes["gen_ai.input.messages"])
    assert messages == [{"role": "user", "parts": [{"content": "I am [NAME]"}]}]
    assert allowed.attributes["customer"] == "[NAME]"
    assert allowed.attributes["names"] == ("[NAME]", "Ann")
    assert allowed.events[0].attributes == {"exception.message": "no [NAME], key [SECRET]"}
    assert allowed.status.description == "no [NAME]"
    assert allowed.attributes["watchkeeper.content.redacted"] == "true"


def test_redaction_leaves_what_conventions_name_alone() -> None:
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    allowed = allow(span(attributes=attributes), ALL, Redaction(lambda _: "X"))
    assert allowed.attributes == {**attributes, "watchkeeper.content.redacted": "true"}


def test_a_redaction_that_fails_lets_no_text_through(
    watch: Watch, seen: Callable[[Handle], list[Seen]]
) -> None:
    def fail(text: str) -> str:
        raise ValueError(text)

    handle = watch(redact=fail, strict=False)
    made = handle.tracer_provider.get_tracer("app").start_span("chat")
    made.set_attributes({"gen_ai.operation.name": "chat", "input.value": SECRET, "note": SECRET})
    made.record_exception(ValueError(SECRET))
    made.set_status(Status(StatusCode.ERROR, SECRET))
    made.end()
    (left,) = seen(handle)
    assert SECRET not in left.texts()
    assert left.is_error
    assert left.attributes == {"gen_ai.operation.name": "chat", "watchkeeper.content.redacted": "failed"}


def test_files_inside_messages_are_told_by_their_size() -> None:
    data = base64.b64encode(bytes(range(256)) * 40).decode()
    given = {"input.value": f'{{"url": "data:image/png;base64,{data}"}}'}
    assert allow(span(attributes=given), ALL, PLAIN).attributes["input.value"] == '{"url": "[10240 bytes]"}'


@pytest.mark.parametrize("text", ["é" * 5000, json.dumps({"messages": ["long text " * 500]})])
def test_a_value_that_is_too_long_is_cut(text: str) -> None:
    allowed = allow(
        span(attributes={"input.value": text}), Settings(capture="all", content_bytes=1000), PLAIN
    )
    kept = allowed.attributes["input.value"]
    assert len(kept.encode()) <= 1010
    assert allowed.attributes["watchkeeper.content.cut"] is True
    if text.startswith("{"):
        assert json.loads(kept)["messages"][0].startswith("long text")


def test_structure_alone_is_left_when_nothing_can_be_told() -> None:
    given = {"gen_ai.request.model": "gpt-4o", "input.value": SECRET, "note": SECRET}
    assert allow_structure(span(attributes=given)).attributes == {
        "gen_ai.request.model": "gpt-4o",
        "watchkeeper.content.redacted": "failed",
    }


@pytest.mark.parametrize("capture", ["none", "all"])
def test_content_that_others_put_on_our_spans_obeys_too(
    capture: str, watch: Watch, seen: Callable[[Handle], list[Seen]]
) -> None:
    handle = watch(capture=capture)

    @watchkeeper.tool
    def answer() -> str:
        current = get_current_span()
        current.set_attributes({"input.value": SECRET, "tenant": "acme"})
        current.add_event("gen_ai.user.message", {"content": SECRET, "role": "user"})
        current.record_exception(ValueError(SECRET))
        return "done"

    answer()
    (left,) = seen(handle)
    assert (SECRET in left.texts()) is (capture == "all")
    assert left.attributes["tenant"] == "acme"
    assert [event for event, _ in left.events] == ["gen_ai.user.message", "exception"]
    assert left.events[0][1]["role"] == "user"
