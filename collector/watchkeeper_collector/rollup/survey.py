"""Finding the hours whose roll-up is missing, or is of other spans than there are now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from watchkeeper_collector.rollup.tables import HOUR_S, ProjectHour, RollupTables

MOST_RANGES = 100

NOW = "SELECT toUnixTimestamp64Micro(now64(6))"

RECEIVED = """
SELECT DISTINCT Project, toUnixTimestamp(toStartOfHour(Timestamp))
FROM {database}.spans
WHERE ReceivedAt >= fromUnixTimestamp64Nano({since_ns:Int64})
    AND Timestamp >= fromUnixTimestamp({first_s:Int64})
    AND Timestamp < fromUnixTimestamp({until_s:Int64})
"""

# Whatever changes a span changes one of these: settling writes SettledAt, pricing the cost.
STATES = """
SELECT
    Project,
    toUnixTimestamp(toStartOfHour(Timestamp)) AS hour_s,
    count() AS spans,
    sum(cityHash64(Timestamp, SettledAt, ifNull(CostUsd, -1), CostSource)) AS fingerprint
FROM {database}.spans
WHERE {ranges}
GROUP BY Project, hour_s
"""

BUILT = """
SELECT
    Project,
    toUnixTimestamp(Hour),
    argMax(Spans, BuiltAt),
    argMax(Fingerprint, BuiltAt),
    toUnixTimestamp64Micro(max(BuiltAt))
FROM {database}.rollup_hours
WHERE Hour >= fromUnixTimestamp({first_s:UInt32}) AND Hour < fromUnixTimestamp({until_s:UInt32})
GROUP BY Project, Hour
"""

MARKED = """
SELECT Project, toUnixTimestamp(Hour), toUnixTimestamp64Micro(max(MarkedAt))
FROM {database}.rollup_marks
WHERE Hour >= fromUnixTimestamp({first_s:UInt32}) AND Hour < fromUnixTimestamp({until_s:UInt32})
GROUP BY Project, Hour
"""

# Many spans are being changed: what is built now would be of some that are changed and some that aren't.
UNDER_WAY = """
SELECT count()
FROM {mutations}
WHERE database = {database_name:String} AND table = {table_name:String} AND NOT is_done
"""


class State(NamedTuple):
    """What an hour's spans are like; two hours with the same are the same."""

    spans: int
    fingerprint: int


NOTHING = State(0, 0)


@dataclass(frozen=True, slots=True)
class Built:
    """What an hour's spans were like when it was built."""

    state: State
    built_us: int


def engine_now_us(tables: RollupTables) -> int:
    """The engine's clock, which also marks: microseconds since 1970."""
    return int(tables.query(NOW)[0][0])


def is_changing(tables: RollupTables) -> bool:
    """Whether the engine is rewriting spans."""
    table = "spans_local" if tables.cluster else "spans"
    names = {"database_name": tables.database, "table_name": table}
    return bool(tables.query(UNDER_WAY, names)[0][0])


def find_received(tables: RollupTables, since_ns: int, hours: range) -> set[ProjectHour]:
    """The hours that spans received since then belong to; ``hours`` are the seconds at which they start."""
    bounds = {"since_ns": since_ns, "first_s": hours.start, "until_s": hours.stop}
    return {ProjectHour(*row) for row in tables.query(RECEIVED, bounds)}


def find_states(tables: RollupTables, hours: Iterable[int]) -> dict[ProjectHour, State]:
    """What the spans of these hours are like, of all projects."""
    ranges = [*merged(hours)]
    if not ranges:
        return {}
    statement = STATES.replace("{ranges}", ranges_sql(ranges))
    return {ProjectHour(*row[:2]): State(*row[2:]) for row in tables.query(statement)}


def find_built(tables: RollupTables, hours: range) -> dict[ProjectHour, Built]:
    rows = tables.query(BUILT, {"first_s": hours.start, "until_s": hours.stop})
    return {ProjectHour(*row[:2]): Built(State(*row[2:4]), row[4]) for row in rows}


def find_marked(tables: RollupTables, hours: range) -> dict[ProjectHour, int]:
    """When an hour was marked last, in microseconds since 1970."""
    rows = tables.query(MARKED, {"first_s": hours.start, "until_s": hours.stop})
    return {ProjectHour(*row[:2]): row[2] for row in rows}


def changed(
    found: Mapping[ProjectHour, State], built: Mapping[ProjectHour, Built]
) -> dict[ProjectHour, State]:
    """The hours that are not as they were built, with what they are now; those of ``built`` may be gone."""
    before = {hour: one.state for hour, one in built.items()}
    return {
        hour: found.get(hour, NOTHING)
        for hour in {**before, **found}
        if found.get(hour, NOTHING) != before.get(hour, NOTHING)
    }


def merged(hours: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Ranges of seconds that hold these hours: few, and then they may hold others."""
    ranges: list[tuple[int, int]] = []
    for hour_s in sorted(set(hours)):
        if ranges and ranges[-1][1] == hour_s:
            ranges[-1] = (ranges[-1][0], hour_s + HOUR_S)
        else:
            ranges.append((hour_s, hour_s + HOUR_S))
    yield from ranges if len(ranges) <= MOST_RANGES else [(ranges[0][0], ranges[-1][1])]


def ranges_sql(ranges: Sequence[tuple[int, int]]) -> str:
    """Numbers of ours, not anybody's text."""
    parts = (
        f"(Timestamp >= fromUnixTimestamp({a:d}) AND Timestamp < fromUnixTimestamp({b:d}))" for a, b in ranges
    )
    return f"({' OR '.join(parts)})"
