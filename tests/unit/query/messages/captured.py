"""The captured telemetry as what is stored of it: content by span, beside what it should read as."""

import base64
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from watchkeeper_collector.query.messages import Event, LogEvent, SpanContent

CAPTURES = Path(__file__).parents[3] / "data" / "captures"
CASES = sorted(
    path.relative_to(CAPTURES).with_suffix("").with_suffix("") for path in CAPTURES.rglob("*.expect.json")
)
ID_FIELDS = ("traceId", "spanId", "parentSpanId")

SpanKey = tuple[str, str]


@dataclass(frozen=True)
class Expected:
    """One span that stands for a call to a model; ``values`` of None are not to be asserted."""

    key: SpanKey
    name: str
    values: dict[str, Any]


def expected_spans(case: Path) -> list[Expected]:
    document = json.loads((CAPTURES / f"{case}.expect.json").read_text("utf-8"))
    return [
        Expected((span["trace_id"], span["span_id"]), span["name"], span["expect"])
        for span in document["llm_spans"]
        if span["expect"] is not None
    ]


def served_calls(case: Path) -> list[dict[str, Any]]:
    """What the server really answered, call by call."""
    calls: list[dict[str, Any]] = json.loads((CAPTURES / f"{case}.truth.json").read_text("utf-8"))["calls"]
    return calls


def other_kinds(case: Path) -> dict[str, str]:
    """The kind of every other span, by its id."""
    document = json.loads((CAPTURES / f"{case}.expect.json").read_text("utf-8"))
    return {span["span_id"]: span["kind"] for span in document["other_spans"]}


@cache
def spans_of(case: Path) -> dict[SpanKey, Any]:
    """The spans of a case as protobuf has them, from all of its requests."""
    return {
        (span.trace_id.hex(), span.span_id.hex()): span
        for request in _trace_requests(case)
        for resource_spans in request.resource_spans
        for scope_spans in resource_spans.scope_spans
        for span in scope_spans.spans
    }


def content_of(case: Path, key: SpanKey, kind: str, operation: str = "") -> SpanContent:
    span = spans_of(case)[key]
    return SpanContent(
        attributes=_texts(span.attributes),
        events=[Event(event.name, _texts(event.attributes)) for event in span.events],
        logs=_logs_of(case)[key],
        kind=kind,
        operation=operation,
    )


@cache
def _logs_of(case: Path) -> dict[SpanKey, list[LogEvent]]:
    logs = defaultdict[SpanKey, list[LogEvent]](list)
    for path in _bodies(case, "logs.otlp"):
        for resource_logs in ExportLogsServiceRequest.FromString(path.read_bytes()).resource_logs:
            for scope_logs in resource_logs.scope_logs:
                for record in scope_logs.log_records:
                    event = LogEvent(record.event_name, _text(record.body), _texts(record.attributes))
                    logs[record.trace_id.hex(), record.span_id.hex()].append(event)
    return logs


def _trace_requests(case: Path) -> Iterator[ExportTraceServiceRequest]:
    for path in _bodies(case, "otlp"):
        yield ExportTraceServiceRequest.FromString(path.read_bytes())
    for path in _bodies(case, "json"):
        document = _with_binary_ids(json.loads(path.read_text("utf-8")))
        yield json_format.ParseDict(document, ExportTraceServiceRequest())


def _bodies(case: Path, suffix: str) -> list[Path]:
    """``case.otlp`` and ``case.2.otlp``, but not ``case.logs.otlp``."""
    folder, name = CAPTURES / case.parent, case.name
    return sorted([*folder.glob(f"{name}.{suffix}"), *folder.glob(f"{name}.[0-9].{suffix}")])


def _with_binary_ids(value: Any) -> Any:
    """OTLP/JSON has ids in hexadecimal where Protobuf's own JSON has base64."""
    if isinstance(value, list):
        return [_with_binary_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64encode(bytes.fromhex(one)).decode() if key in ID_FIELDS else _with_binary_ids(one)
        for key, one in value.items()
    }


def _texts(attributes: Any) -> dict[str, str]:
    return {attribute.key: _text(attribute.value) for attribute in attributes}


def _text(value: Any) -> str:
    """Strings as they are, numbers and booleans as text, everything nested as JSON."""
    plain = _plain(value)
    if isinstance(plain, str):
        return plain
    return "" if plain is None else json.dumps(plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(one) for one in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: _plain(pair.value) for pair in value.kvlist_value.values}
    return None if kind is None else getattr(value, kind)
