"""Users: figures of the spans in a window, and since when they are known."""

from collections.abc import Sequence
from typing import Any

from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.dimensions import DIMENSIONS
from watchkeeper_collector.query.measures import CALLS, COUNTED
from watchkeeper_collector.query.pages import Page
from watchkeeper_collector.query.rows import jsonable
from watchkeeper_collector.query.scores import NEWEST_SCORES
from watchkeeper_collector.query.source import Slice, Source, in_window
from watchkeeper_collector.query.times import render_time

MOST_SHARES = 20
COST = f"sumKahanIf(CostUsd, {CALLS})"
FIGURES = f"""countIf({CALLS}) AS call_count,
    uniqExactIf(cityHash64(TraceId), {COUNTED}) AS trace_count,
    uniqExactIf(cityHash64(SessionId), SessionId != '' AND {COUNTED}) AS session_count,
    countIf({CALLS} AND IsError) AS error_count,
    if(call_count = 0, NULL, error_count / call_count) AS error_rate,
    countIf({CALLS} AND CostSource = 'unpriced') AS unpriced_call_count,
    sumIf(InputTokens, {CALLS}) AS input_tokens,
    sumIf(OutputTokens, {CALLS}) AS output_tokens,
    {COST} AS cost_usd"""

# What users are sorted by; amounts are whole nanodollars, so that a cursor holds them exactly.
RANKS = {
    "cost_usd": "toInt64(round(ifNull(cost_usd, 0) * 1e9))",
    "call_count": "toInt64(call_count)",
    "error_count": "toInt64(error_count)",
    "session_count": "toInt64(session_count)",
    "input_tokens": "toInt64(ifNull(input_tokens, 0))",
    "output_tokens": "toInt64(ifNull(output_tokens, 0))",
    "last_seen": "toUnixTimestamp64Nano(max(Timestamp))",
}

USERS = f"""SELECT
    UserId AS user_id,
    {FIGURES},
    {{rank}} AS rank
FROM {{database}}.spans
WHERE {{conditions}}
    AND UserId != ''
GROUP BY UserId
{{having}}
ORDER BY rank DESC, UserId DESC
LIMIT {{limit}}"""

ONE_USER = f"""SELECT
    {FIGURES}
FROM {{database}}.spans
WHERE {{conditions}}
    AND UserId = {{user}}"""

SEEN = """SELECT
    UserId,
    toUnixTimestamp64Nano(min(Timestamp)),
    toUnixTimestamp64Nano(max(Timestamp))
FROM {database}.spans
WHERE Project = {project}
    AND UserId IN {users}
GROUP BY UserId"""

SCORED = f"""SELECT
    user,
    Name,
    count(),
    avg(Value)
FROM
(
    SELECT
        if(UserId != '', UserId, user_of_trace) AS user,
        Name,
        Value
    FROM
    (
        {NEWEST_SCORES}
    ) AS scores
    GLOBAL LEFT JOIN
    (
        SELECT
            TraceId,
            any(UserId) AS user_of_trace
        FROM {{database}}.spans
        WHERE Project = {{project}}
            AND UserId IN {{users}}
            AND TraceId GLOBAL IN (SELECT TraceId FROM {{database}}.scores WHERE Project = {{project}})
        GROUP BY TraceId
    ) AS owners USING (TraceId)
    WHERE {{in_window}}
)
WHERE user IN {{users}}
GROUP BY user, Name
ORDER BY Name"""

SHARES = f"""SELECT
    toString({{dimension}}) AS value,
    countIf({CALLS}) AS call_count,
    countIf({CALLS} AND IsError) AS error_count,
    {COST} AS cost_usd
FROM {{database}}.spans
WHERE {{conditions}}
    AND UserId = {{user}}
    AND {CALLS}
GROUP BY value
HAVING value != ''
ORDER BY cost_usd DESC NULLS LAST, call_count DESC, value
LIMIT {MOST_SHARES}"""
SPLIT = {"models": "model", "features": "feature", "services": "service"}


def list_users(source: Source, slice_: Slice, *, order: str, limit: int, cursor: str = "") -> Page:
    """A page of the users with a span in the slice, the greatest first."""
    place = read_cursor(cursor, (int, str))
    bindings = Bindings()
    conditions = slice_.conditions(bindings, source)
    having = ""
    if place is not None:
        here = f"({bindings.bind(place[0], 'Int64')}, {bindings.bind(place[1])})"
        having = f"HAVING (rank, UserId) < {here}"
    sql = (
        USERS.replace("{rank}", RANKS[order])
        .replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(conditions))
        .replace("{having}", having)
        .replace("{limit}", bindings.bind(limit + 1, "UInt32"))
    )
    rows = source.query(sql, bindings).dicts()
    shown = rows[:limit]
    next_cursor = render_cursor((shown[-1]["rank"], shown[-1]["user_id"])) if len(rows) > limit else None
    return Page(_complete(source, slice_, shown), next_cursor)


def get_user(source: Source, slice_: Slice, user_id: str) -> dict[str, Any]:
    """One user, with what the calls in the slice are split into. Raises ``NotFoundError``."""
    bindings = Bindings()
    sql = (
        ONE_USER.replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(slice_.conditions(bindings, source)))
        .replace("{user}", bindings.bind(user_id))
    )
    (row,) = source.query(sql, bindings).dicts()
    found = _complete(source, slice_, [{"user_id": user_id, **row}])
    if not found:
        raise NotFoundError(f"There is no user '{user_id[:64]}' in this project.")
    return found[0] | {name: _load_shares(source, slice_, user_id, split) for name, split in SPLIT.items()}


def _complete(source: Source, slice_: Slice, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The users with when they were seen and their scores; without those whom no span knows."""
    if not rows:
        return []
    users = [row["user_id"] for row in rows]
    seen, scores = _load_seen(source, slice_, users), _load_scores(source, slice_, users)
    return [
        {key: jsonable(value) for key, value in row.items() if key != "rank"}
        | {"first_seen": render_time(first), "last_seen": render_time(last)}
        | {"scores": scores.get(row["user_id"], [])}
        for row in rows
        if (times := seen.get(row["user_id"]))
        for first, last in [times]
    ]


def _load_seen(source: Source, slice_: Slice, users: Sequence[str]) -> dict[str, tuple[int, int]]:
    bindings = Bindings()
    sql = (
        SEEN.replace("{database}", source.database)
        .replace("{project}", bindings.bind(slice_.project))
        .replace("{users}", bindings.bind(list(users), "Array(String)"))
    )
    return {user: (first, last) for user, first, last in source.query(sql, bindings).rows}


def _load_scores(source: Source, slice_: Slice, users: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    bindings = Bindings()
    in_slice = in_window(slice_.window, bindings)
    sql = (
        SCORED.replace("{in_window}", " AND ".join(in_slice) or "1")
        .replace("{database}", source.database)
        .replace("{project}", bindings.bind(slice_.project))
        .replace("{users}", bindings.bind(list(users), "Array(String)"))
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for user, name, count, mean in source.query(sql, bindings).rows:
        found.setdefault(user, []).append({"name": name, "count": count, "mean": jsonable(mean)})
    return found


def _load_shares(source: Source, slice_: Slice, user_id: str, dimension: str) -> list[dict[str, Any]]:
    bindings = Bindings()
    sql = (
        SHARES.replace("{dimension}", DIMENSIONS[dimension].sql)
        .replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(slice_.conditions(bindings, source)))
        .replace("{user}", bindings.bind(user_id))
    )
    return [
        {key: jsonable(value) for key, value in row.items()} for row in source.query(sql, bindings).dicts()
    ]
