"""The benchmarks' requests are valid OTLP, and as large, fresh and repetitive as is said of them."""

import json
from collections.abc import Sequence
from itertools import pairwise

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from watchkeeper_collector.otlp.admission import Admission
from watchkeeper_collector.otlp.forms import Forms
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.signals import SIGNALS

from benchmarks.calls import message
from benchmarks.conversations import CONVERSATIONS_AT_ONCE, TURNS
from benchmarks.payloads import SPANS_PER_TRACE, Body, Payload, Template, build_bodies

TEMPLATE = Template(seed=1, spans=64)


def read_spans(body: Body) -> Sequence[Span]:
    (resource,) = ExportTraceServiceRequest.FromString(body.data).resource_spans
    (group,) = resource.scope_spans
    return group.spans


def read_text(span: Span, name: str) -> str:
    return next(item.value.string_value for item in span.attributes if item.key == name)


def test_request_is_stored_as_it_is() -> None:
    body = TEMPLATE.body()
    admitted = Admission(SIGNALS["traces"], Limits(), Forms()).admit(body.data)
    assert (admitted.items, admitted.rewritten, admitted.refused.total()) == (64, 0, 0)
    assert admitted.body == body.data


def test_span_has_twenty_attributes_and_three_kilobytes() -> None:
    body = TEMPLATE.body()
    assert {len(span.attributes) for span in read_spans(body)} == {20}
    assert 2_800 < body.raw_bytes / body.spans < 3_200


def test_trace_is_a_root_with_its_calls() -> None:
    spans = read_spans(TEMPLATE.body())
    roots = [span for span in spans if not span.parent_span_id]
    assert len(roots) == len({span.trace_id for span in spans}) == 64 // SPANS_PER_TRACE
    by_trace = {root.trace_id: root.span_id for root in roots}
    calls = [span for span in spans if span.parent_span_id]
    assert all(by_trace[call.trace_id] == call.parent_span_id for call in calls)


def test_every_request_has_ids_of_its_own() -> None:
    first, second = read_spans(TEMPLATE.body()), read_spans(TEMPLATE.body())
    ids = {span.span_id for span in (*first, *second)}
    sessions = {read_text(span, "session.id") for span in (*first, *second)}
    responses = {read_text(span, "gen_ai.response.id") for span in (*first, *second)}
    assert (len(ids), len(sessions), len(responses)) == (128, 16, 128)
    assert read_text(first[9], "gen_ai.input.messages") == read_text(second[9], "gen_ai.input.messages")


def test_fresh_requests_share_no_text() -> None:
    first, second = build_bodies(Payload.FRESH, 1024)
    texts = [
        read_text(span, "gen_ai.input.messages") for body in (first, second) for span in read_spans(body)
    ]
    assert len(set(texts)) == len(texts) == 1024


def test_conversation_sends_again_what_was_said_before() -> None:
    bodies = list(build_bodies(Payload.CONVERSATION, 1))
    assert len(bodies) == TURNS
    assert {body.spans for body in bodies} == {CONVERSATIONS_AT_ONCE}
    turns = [read_spans(body)[3] for body in bodies]
    assert len({read_text(span, "session.id") for span in turns}) == 1
    for before, after in pairwise(turns):
        said = json.loads(read_text(before, "gen_ai.input.messages"))
        answer = json.loads(read_text(before, "gen_ai.output.messages"))
        assert json.loads(read_text(after, "gen_ai.input.messages"))[:-1] == said + answer


def test_message_is_in_the_conventions_form() -> None:
    assert message("user", "hello") == {"role": "user", "parts": [{"type": "text", "content": "hello"}]}
