"""One session: the conversation that is spread over its traces, each message where it first came."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import Place, read_cursor, render_cursor
from watchkeeper_collector.query.measures import COUNTED
from watchkeeper_collector.query.sessions import summarise as summarise_sessions
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.span_contents import load_messages
from watchkeeper_collector.query.times import render_time
from watchkeeper_collector.query.trace import ReadConversation
from watchkeeper_collector.query.trace_summary import Bounds, summarise, within

MOST_CALLS = 100

TRACES = """SELECT
    TraceId,
    toUnixTimestamp64Nano(min(Timestamp)) AS start,
    toUnixTimestamp64Nano(max(Timestamp)),
    groupUniqArray(EventDay)
FROM {database}.spans
WHERE Project = {project}
    AND SessionId = {session}
GROUP BY TraceId
{having}
ORDER BY start, TraceId
LIMIT {limit}"""

CALLS = f"""SELECT
    TraceId AS trace_id,
    SpanId AS span_id,
    EventDay AS event_day,
    Kind AS kind,
    Operation AS operation,
    toUnixTimestamp64Nano(Timestamp) AS timestamp,
    Duration AS duration,
    if(ResponseModel != '', ResponseModel, RequestModel) AS model
FROM {{database}}.spans
WHERE {{conditions}}
    AND SessionId = {{session}}
    AND Kind = 'llm'
    AND {COUNTED}
ORDER BY Timestamp, SpanId
LIMIT {MOST_CALLS + 1} BY TraceId"""


def get_session(
    source: Source,
    project: str,
    session_id: str,
    *,
    read_conversation: ReadConversation | None,
    limit: int,
    cursor: str = "",
) -> dict[str, Any]:
    """A session with a page of its traces, in the order of their start. Raises ``NotFoundError``."""
    figures = summarise_sessions(source, project, [session_id], may_see=read_conversation is not None)
    if not figures:
        raise NotFoundError(f"There is no session '{session_id[:64]}' in this project.")
    found = _load_traces(source, project, session_id, limit + 1, read_cursor(cursor, (int, str)))
    shown = found[:limit]
    traces = {row["trace_id"]: row for row in summarise(source, project, shown)}
    calls = _load_calls(source, project, session_id, shown)
    told = _tell(source, project, calls, read_conversation)
    last = shown[-1] if len(found) > limit else None
    return figures[0] | {
        "traces": [
            _render(traces[trace.trace_id], calls.get(trace.trace_id, []), told)
            for trace in shown
            if trace.trace_id in traces
        ],
        "next_cursor": render_cursor((last.start_ns, last.trace_id)) if last else None,
    }


def _load_traces(
    source: Source, project: str, session_id: str, limit: int, after: Place | None
) -> list[Bounds]:
    bindings = Bindings()
    having = ""
    if after is not None:
        here = f"({bindings.bind(after[0], 'Int64')}, {bindings.bind(after[1])})"
        having = f"HAVING (start, TraceId) > {here}"
    sql = (
        TRACES.replace("{database}", source.database)
        .replace("{project}", bindings.bind(project))
        .replace("{session}", bindings.bind(session_id))
        .replace("{having}", having)
        .replace("{limit}", bindings.bind(limit, "UInt32"))
    )
    return [Bounds(*row) for row in source.query(sql, bindings).rows]


def _load_calls(
    source: Source, project: str, session_id: str, traces: Sequence[Bounds]
) -> dict[str, list[dict[str, Any]]]:
    """Calls of the traces that belong to the session, by trace, one more of each than is shown."""
    if not traces:
        return {}
    bindings = Bindings()
    sql = (
        CALLS.replace("{conditions}", "\n    AND ".join(within(project, traces, bindings)))
        .replace("{database}", source.database)
        .replace("{session}", bindings.bind(session_id))
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in source.query(sql, bindings).dicts():
        found.setdefault(row["trace_id"], []).append(row)
    return found


def _tell(
    source: Source,
    project: str,
    calls: Mapping[str, Sequence[Mapping[str, Any]]],
    read_conversation: ReadConversation | None,
) -> Mapping[tuple[str, str], Mapping[str, Any]] | None:
    """What was said, by trace and span; ``None`` where it may not be seen."""
    if read_conversation is None:
        return None
    rows = [row for found in calls.values() for row in found[:MOST_CALLS]]
    messages = load_messages(source, project, rows, read_conversation)
    return {(row["trace_id"], row["span_id"]): said for row, said in zip(rows, messages, strict=True)}


def _render(
    trace: Mapping[str, Any],
    calls: Sequence[Mapping[str, Any]],
    told: Mapping[tuple[str, str], Mapping[str, Any]] | None,
) -> dict[str, Any]:
    messages = None if told is None else list(new_messages(calls[:MOST_CALLS], told))
    return {**trace, "messages": messages, "is_cut": len(calls) > MOST_CALLS}


def new_messages(
    calls: Sequence[Mapping[str, Any]], told: Mapping[tuple[str, str], Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The messages that each call adds: agents send all that came before again with every call.

    Of the inputs these are the ones after the last answer among them, unless the trace showed them already,
    as when a call is made twice.
    """
    shown: list[Any] = []
    for call in calls:
        said = told[call["trace_id"], call["span_id"]]
        for message in _after_last_answer(said["input_messages"] or []):
            if message not in shown:
                shown.append(message)
                yield _render_message(call, message, call["timestamp"], is_output=False)
        for message in said["output_messages"] or []:
            yield _render_message(call, message, call["timestamp"] + call["duration"], is_output=True)


def _after_last_answer(messages: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    places = [place for place, message in enumerate(messages) if message.get("role") == "assistant"]
    return messages[places[-1] + 1 :] if places else messages


def _render_message(
    call: Mapping[str, Any], message: Mapping[str, Any], time_ns: int, *, is_output: bool
) -> dict[str, Any]:
    return {
        "span_id": call["span_id"],
        "timestamp": render_time(time_ns),
        "is_output": is_output,
        "model": call["model"],
        "message": message,
    }
