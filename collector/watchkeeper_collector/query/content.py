"""Prompts and answers of spans, as they are stored: on the span, on its events, on log records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.messages import Event, LogEvent, SpanContent
from watchkeeper_collector.query.rows import EVENTS
from watchkeeper_collector.query.source import Source

DAY = timedelta(days=1)
DECODED = ("InputText", "OutputText")
"""What lies in `Content` beside the attributes that came."""
CONTENT = f"""SELECT
    SpanId,
    Source,
    Format,
    mapFilter((key, value) -> key NOT IN {DECODED}, Content) AS content,
    {EVENTS} AS events
FROM {{database}}.span_content
WHERE {{conditions}}
ORDER BY Timestamp, ReceivedAt"""


SIZES = """SELECT SpanId, sum(arraySum(arrayMap(value -> length(value), mapValues(Content)))
        - length(InputText) - length(OutputText))
FROM {database}.span_content
WHERE {conditions}
GROUP BY SpanId"""


@dataclass(slots=True)
class StoredContent:
    """What one span and the log records that belong to it say."""

    attributes: dict[str, str] = field(default_factory=dict)
    events: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)
    logs: list[LogEvent] = field(default_factory=list)

    def add(self, source: str, name: str, content: Mapping[str, str], events: Sequence[Any]) -> None:
        if source == "log":
            attributes = {key: value for key, value in content.items() if key != "body"}
            self.logs.append(LogEvent(name, content.get("body", ""), attributes))
        elif not self.attributes and not self.events:  # a span that was stored twice says the same twice
            self.attributes = dict(content)
            self.events = list(events)

    def readable(self, kind: str, operation: str) -> SpanContent:
        events = [Event(name, attributes) for _, name, attributes in self.events]
        return SpanContent(self.attributes, events, self.logs, kind, operation)


@dataclass(frozen=True, slots=True)
class ContentOf:
    """The content of some spans of a trace. Log records may lie on a day beside the spans'."""

    project: str
    trace_id: str
    days: Sequence[date]
    span_ids: Sequence[str]

    def conditions(self, bindings: Bindings) -> str:
        near = sorted({day + offset for day in self.days for offset in (-DAY, 0 * DAY, DAY)})
        found = (
            f"Project = {bindings.bind(self.project)}",
            f"EventDay IN {bindings.bind(near, 'Array(Date)')}",
            f"TraceId = {bindings.bind(self.trace_id)}",
            f"SpanId IN {bindings.bind(list(self.span_ids), 'Array(String)')}",
        )
        return "\n    AND ".join(found)


def load_content(source: Source, wanted: ContentOf) -> dict[str, StoredContent]:
    """What is stored, by span."""
    found: dict[str, StoredContent] = {}
    for span_id, *row in _rows(source, CONTENT, wanted):
        found.setdefault(span_id, StoredContent()).add(*row)
    return found


def content_bytes(source: Source, wanted: ContentOf) -> dict[str, int]:
    """How much is stored, by span."""
    return dict(_rows(source, SIZES, wanted))


def _rows(source: Source, statement: str, wanted: ContentOf) -> Sequence[Any]:
    bindings = Bindings()
    sql = statement.replace("{database}", source.database).replace(
        "{conditions}", wanted.conditions(bindings)
    )
    return source.query(sql, bindings).rows
