"""How errors look one by one, and where those of a group happen."""

from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.error_origins import errors_of
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import render_time

MOST_SHARES = 10
EXAMPLE = (
    "trace_id",
    "span_id",
    "span_name",
    "service_name",
    "release",
    "user_id",
    "session_id",
    "error_message",
)
OCCURRENCE = f"-started, {', '.join(EXAMPLE)}"
SHARES = {
    "services": "service_name",
    "releases": "release",
    "environments": "environment",
    "span_names": "span_name",
    "most_affected_users": "user_id",
}

OCCURRENCES = f"""SELECT {OCCURRENCE}
FROM
(
    {{errors}}
)
WHERE fingerprint = {{fingerprint}}{{after}}
ORDER BY started DESC, trace_id DESC, span_id DESC
LIMIT {{limit}}"""

TOPS = ",\n    ".join(
    f"topKWeighted({MOST_SHARES}, 10, 'counts')({column}, toUInt64({column} != ''))"
    for column in SHARES.values()
)
SHARE = f"""SELECT
    {TOPS}
FROM
(
    {{errors}}
)
WHERE fingerprint = {{fingerprint}}"""


def list_occurrences(
    source: Source, slice_: Slice, fingerprint: str, *, limit: int, cursor: str = ""
) -> Page:
    """A page of a group's errors, newest first."""
    place = read_cursor(cursor, (int, str, str))
    bindings = Bindings()
    after = ""
    if place is not None:
        here = f"{bindings.bind(place[0], 'Int64')}, {bindings.bind(place[1])}, {bindings.bind(place[2])}"
        after = f"\n    AND (started, trace_id, span_id) < ({here})"
    sql = (
        OCCURRENCES.replace("{errors}", errors_of(source, slice_, bindings))
        .replace("{fingerprint}", bindings.bind(fingerprint))
        .replace("{after}", after)
        .replace("{limit}", bindings.bind(limit + 1, "UInt32"))
    )
    rows = source.query(sql, bindings).rows
    last = rows[limit - 1] if len(rows) > limit else None
    next_cursor = render_cursor((-last[0], last[1], last[2])) if last else None
    return Page([render_example(row) for row in rows[:limit]], next_cursor)


def load_shares(source: Source, slice_: Slice, fingerprint: str) -> dict[str, list[dict[str, Any]]]:
    """The most frequent values of what says where the errors happen."""
    bindings = Bindings()
    sql = SHARE.replace("{errors}", errors_of(source, slice_, bindings))
    (row,) = source.query(sql.replace("{fingerprint}", bindings.bind(fingerprint)), bindings).rows
    return {name: _render_shares(found) for name, found in zip(SHARES, row, strict=True)}


def render_example(row: Sequence[Any]) -> dict[str, Any]:
    """A row of ``OCCURRENCE``, whose first value is its time, negative."""
    return {"timestamp": render_time(-row[0]), **dict(zip(EXAMPLE, row[1:], strict=True))}


def _render_shares(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"value": top["item"], "count": top["count"]} for top in found if top["item"]]
