"""What was said in spans of many traces."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.content import CONTENT, StoredContent
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.trace import ReadConversation

DAY = timedelta(days=1)
TRACE = "SELECT\n    TraceId,"
SPREAD = (-DAY, 0 * DAY, DAY)
"""Log records may lie on a day beside their span's."""


def load_messages(
    source: Source, project: str, rows: Sequence[Mapping[str, Any]], read_conversation: ReadConversation
) -> list[dict[str, Any]]:
    """The attributes that are content and the messages of each span, in the order of the rows.

    Of a row it takes ``trace_id``, ``span_id``, ``event_day``, ``kind`` and ``operation``.
    """
    contents = load_contents(source, project, rows)
    found = []
    for row in rows:
        content = contents[row["trace_id"], row["span_id"]]
        said = read_conversation(content.readable(row["kind"], row["operation"]))
        found.append(
            {
                "attributes": content.attributes,
                "system_instructions": said.system_instructions,
                "input_messages": said.input_messages,
                "output_messages": said.output_messages,
                "tool_definitions": said.tool_definitions,
            }
        )
    return found


def load_contents(
    source: Source, project: str, rows: Sequence[Mapping[str, Any]]
) -> defaultdict[tuple[str, str], StoredContent]:
    """What is stored, by trace and span."""
    found: defaultdict[tuple[str, str], StoredContent] = defaultdict(StoredContent)
    if not rows:
        return found
    bindings = Bindings()
    days = sorted({row["event_day"] + offset for row in rows for offset in SPREAD})
    conditions = (
        f"Project = {bindings.bind(project)}",
        f"EventDay IN {bindings.bind(days, 'Array(Date)')}",
        f"TraceId IN {bindings.bind(sorted({row['trace_id'] for row in rows}), 'Array(String)')}",
        f"SpanId IN {bindings.bind(sorted({row['span_id'] for row in rows}), 'Array(String)')}",
    )
    sql = (
        CONTENT.replace("SELECT", TRACE, 1)
        .replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(conditions))
    )
    for trace_id, span_id, *row in source.query(sql, bindings).rows:
        found[trace_id, span_id].add(*row)
    return found
