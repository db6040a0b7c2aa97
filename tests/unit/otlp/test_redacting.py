"""Redaction of requests: every text in them, the marks, and what stays."""

import gzip
import json
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from watchkeeper.redaction import Redaction
from watchkeeper_collector.otlp import redacting
from watchkeeper_collector.otlp.admission import Admission, Admitted
from watchkeeper_collector.otlp.forms import Forms
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.signals import SIGNALS
from watchkeeper_collector.redaction.policy import read_policy
from watchkeeper_collector.redaction.screen import Screen

from tests.otlp.requests import key_values, log_request, make_span, requests, seeded, trace_request

DATA = Path(__file__).parents[2] / "data"
ALL = dict.fromkeys(("secret", "email", "iban", "card", "ssn", "ip", "phone"), "mask")
MAIL = "joe@example.com"
KEY = "sk-proj-" + "Tq8vLm2ZxN5pRk7WcYb4" * 2
ADMISSIONS = {name: Admission(signal, Limits(), Forms()) for name, signal in SIGNALS.items()}
MARKS = {"watchkeeper.redaction.policy", "watchkeeper.content.redacted"}


def screen(version: str = "7", **policy: Any) -> Screen:
    return Screen(version, read_policy(policy or {"detectors": ALL}), "salt")


def admit(message: Any, signal: str = "traces", by: Screen | None = None) -> Admitted:
    return ADMISSIONS[signal].admit(message.SerializeToString(), by or screen())


def span_of(span: Span, by: Screen | None = None) -> Span:
    request = ExportTraceServiceRequest.FromString(admit(trace_request(span), by=by).body)
    return request.resource_spans[0].scope_spans[0].spans[0]


def attributes(message: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in message.attributes}


def test_every_text_of_a_span_is_read() -> None:
    span = make_span({"a": MAIL}, name=f"chat {KEY}", trace_state=f"k={KEY}")
    span.status.message = f"no {MAIL}"
    span.events.add(name=KEY).attributes.extend(key_values({"exception.stacktrace": f"at {MAIL}"}))
    span.links.add(trace_state=KEY).attributes.extend(key_values({"x": MAIL}))
    stored = span_of(span)
    assert (stored.name, stored.trace_state, stored.status.message) == (
        "chat [SECRET]",
        "k=[SECRET]",
        "no [EMAIL]",
    )
    assert (stored.events[0].name, attributes(stored.events[0])) == (
        "[SECRET]",
        {"exception.stacktrace": "at [EMAIL]"},
    )
    assert (stored.links[0].trace_state, attributes(stored.links[0])) == ("[SECRET]", {"x": "[EMAIL]"})


def test_resource_scope_and_schemas_are_read() -> None:
    request = trace_request(make_span(), resource={"service.name": "shop", "owner": MAIL})
    group = request.resource_spans[0]
    group.schema_url = f"https://u:{KEY}@host/"
    group.resource.entity_refs.add(type="host", id_keys=[KEY])
    group.scope_spans[0].schema_url = KEY
    group.scope_spans[0].scope.version = KEY
    group.scope_spans[0].scope.attributes.extend(key_values({"x": MAIL}))
    stored = ExportTraceServiceRequest.FromString(admit(request).body).resource_spans[0]
    assert attributes(stored.resource) | {"watchkeeper.redaction.hits.secret": 1} == {
        "service.name": "shop",
        "owner": "[EMAIL]",
        "watchkeeper.redaction.policy": "7",
        "watchkeeper.content.redacted": "true",
        "watchkeeper.redaction.hits": 2,
        "watchkeeper.redaction.hits.email": 1,
        "watchkeeper.redaction.hits.secret": 1,
    }
    assert stored.schema_url == "https://u:[SECRET]@host/"
    assert list(stored.resource.entity_refs[0].id_keys) == ["[SECRET]"]
    scopes = stored.scope_spans[0]
    assert (scopes.schema_url, scopes.scope.version) == ("[SECRET]", "[SECRET]")
    assert attributes(scopes.scope) == {"x": "[EMAIL]"}


@pytest.mark.parametrize(
    "body",
    [
        MAIL,
        f'{{"a": "{MAIL}"}}',
        {"a": [MAIL, {"b": MAIL}]},
        [MAIL, [MAIL]],
        f"\x00\x01{MAIL}".encode(),
        {MAIL: 1},
    ],
    ids=["text", "json", "mapping", "array", "bytes", "key"],
)
def test_the_body_of_a_log_record_is_read(body: Any) -> None:
    admitted = admit(log_request(body, {"x": [MAIL, 1]}), "logs")
    assert MAIL.encode() not in admitted.body
    assert b"[EMAIL]" in admitted.body
    assert b"watchkeeper.redaction.policy" in admitted.body


def test_a_log_record_without_findings_is_left_alone() -> None:
    request = log_request("Hello", {"x": 1})
    assert admit(request, "logs").body == request.SerializeToString()


def test_metrics_are_redacted_and_never_marked() -> None:
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    group.resource.attributes.extend(key_values({"owner": MAIL}))
    metric = group.scope_metrics.add().metrics.add(name="calls", description=KEY)
    point = metric.sum.data_points.add(as_int=CARD)
    point.attributes.extend(key_values({"user": MAIL}))
    point.exemplars.add(as_int=1).filtered_attributes.extend(key_values({"x": MAIL}))
    admitted = admit(request, "metrics")
    assert not {text for text in (MAIL, KEY, "watchkeeper.redaction") if text.encode() in admitted.body}
    stored = (
        ExportMetricsServiceRequest.FromString(admitted.body).resource_metrics[0].scope_metrics[0].metrics[0]
    )
    assert stored.sum.data_points[0].as_int == CARD
    assert admitted.redacted == {"email": 3, "secret": 1}


CARD = 4111111111111111


def test_a_span_says_which_policy_it_went_through_and_what_was_found() -> None:
    stored = attributes(span_of(make_span({"a": f"{MAIL} {KEY}", "b": MAIL})))
    assert stored["watchkeeper.redaction.policy"] == "7"
    assert stored["watchkeeper.content.redacted"] == "true"
    assert {name.rpartition("redaction.")[2]: value for name, value in stored.items() if ".hits" in name} == {
        "hits": 3,
        "hits.email": 2,
        "hits.secret": 1,
    }
    assert {"a", "b"} | MARKS == set(attributes(span_of(make_span({"a": "x", "b": "y"}))))


def test_what_the_sdk_counted_is_added_up_and_what_a_sender_invents_is_not_believed() -> None:
    said = {
        "watchkeeper.redaction.policy": "99",
        "watchkeeper.content.redacted": "true",
        "watchkeeper.redaction.hits": 12,
        "watchkeeper.redaction.hits.email": 2,
        "watchkeeper.redaction.hits.card": -5,
        "watchkeeper.redaction.hits.ip": "many",
        "watchkeeper.redaction.detectors": "email",
    }
    stored = attributes(span_of(make_span({**said, "a": MAIL})))
    assert stored["watchkeeper.redaction.policy"] == "7"
    assert stored["watchkeeper.redaction.hits"] == stored["watchkeeper.redaction.hits.email"] == 3
    assert stored["watchkeeper.redaction.detectors"] == "email"
    assert not {"watchkeeper.redaction.hits.card", "watchkeeper.redaction.hits.ip"} & set(stored)


def test_that_redaction_failed_at_the_sender_is_not_forgotten() -> None:
    stored = attributes(span_of(make_span({"watchkeeper.content.redacted": "failed"})))
    assert stored["watchkeeper.content.redacted"] == "failed"


def test_an_attribute_that_is_dropped_leaves_the_others() -> None:
    rules = [{"name": "x.*", "mode": "drop"}]
    stored = attributes(
        span_of(make_span({"x.1": 1, "a": 1, "x.2": ["b"], "b": 2}), screen(attributes=rules))
    )
    assert stored.keys() - {name for name in stored if name.startswith("watchkeeper.")} == {"a", "b"}


def test_values_keep_their_kinds() -> None:
    given = {"i": 5, "f": 1.5, "b": True, "s": "x", "a": ["x", 1, 2.5], "y": b"\xff\x00"}
    stored = span_of(make_span(given))
    kinds = {one.key: one.value.WhichOneof("value") for one in stored.attributes}
    assert kinds | dict.fromkeys(kinds.keys() - given.keys(), "") == {
        **dict.fromkeys(kinds.keys() - given.keys(), ""),
        "i": "int_value",
        "f": "double_value",
        "b": "bool_value",
        "s": "string_value",
        "a": "array_value",
        "y": "bytes_value",
    }
    assert attributes(stored)["y"] == b"\xff\x00"


def test_a_value_before_the_cut_is_found_and_one_behind_it_is_not_stored() -> None:
    admission = Admission(SIGNALS["traces"], Limits(attribute_bytes=1000), Forms())
    small = Screen("1", read_policy({"detectors": ALL}), "salt", longest_text=1100)
    text = f"{'x ' * 490}{KEY} {'y ' * 600}{MAIL}"
    body = admission.admit(trace_request(make_span({"a": text})).SerializeToString(), small).body
    stored = attributes(ExportTraceServiceRequest.FromString(body).resource_spans[0].scope_spans[0].spans[0])
    assert KEY[:12] not in stored["a"]
    assert MAIL not in stored["a"]
    assert stored["watchkeeper.content.cut_chars"] > 1000


def test_what_comes_too_late_is_dropped_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redacting, "MOST_CPU_S", -1.0)
    span = make_span({"a": "hello", "n": 12, "b": True}, name="chat")
    stored = span_of(span)
    assert stored.name == "[REDACTED]"
    assert b"hello" not in stored.SerializeToString()
    assert attributes(stored)["watchkeeper.content.redacted"] == "failed"


def test_the_clock_is_looked_at_within_a_message_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how often it was asked: at the start of the request and of its messages, at long texts."""
    asked = count()
    monkeypatch.setattr(redacting, "thread_time", lambda: float(next(asked)))
    monkeypatch.setattr(redacting, "MOST_CPU_S", 5.5)
    span = span_of(make_span({name: f"{name} " * 3_000 for name in "abcd"} | {"e": "short"}))
    stored = attributes(span)
    assert [stored[name][:4] for name in "abc"] == ["a a ", "b b ", "[RED"]
    assert b"d d" not in span.SerializeToString()
    assert b"short" not in span.SerializeToString()
    assert stored["watchkeeper.content.redacted"] == "failed"


@seeded
@given(st.sampled_from(sorted(SIGNALS)), st.data())
def test_redaction_is_idempotent_and_changes_nothing_where_nothing_is_found(
    signal: str, data: st.DataObject
) -> None:
    body = data.draw(requests(signal)).SerializeToString()
    admission, by = ADMISSIONS[signal], screen()
    once = admission.admit(body, by)
    assert admission.admit(once.body, by).body == once.body
    plain = admission.admit(body)
    assert (plain.items, plain.refused) == (once.items, once.refused)
    if signal == "metrics" and not once.redacted:
        assert once.body == plain.body


def test_figures_are_those_of_the_sdk() -> None:
    """The labelled sentences of presidio-research: text for text what the SDK makes of them."""
    sentences = [
        example["full_text"]
        for example in json.loads(gzip.decompress((DATA / "pii" / "synth_dataset_v2.json.gz").read_bytes()))
    ]
    sdk, hits, by = Redaction(True), Counter[str](), screen()
    request = trace_request(*(make_span({"gen_ai.prompt": text}) for text in sentences))
    admitted = admit(request, by=by)
    stored = ExportTraceServiceRequest.FromString(admitted.body).resource_spans[0].scope_spans[0].spans
    wanted = [sdk.apply({"gen_ai.prompt": text}, hits)["gen_ai.prompt"] for text in sentences]
    assert [attributes(span)["gen_ai.prompt"] for span in stored] == wanted
    assert admitted.redacted == hits
    assert hits.total() > 300
