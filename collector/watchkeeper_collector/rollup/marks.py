"""Marking hours whose spans are changed in place: they are read from ``spans`` until they are built again.

Whoever changes spans marks their hours before, so that no question sees old sums beside new spans, and
after, so that an hour that was built in between is built once more.
"""

from collections.abc import Collection, Iterable, Iterator

from watchkeeper_collector.rollup.tables import (
    HOUR_NS,
    HOUR_S,
    ProjectHour,
    RollupTables,
    batches,
    hour_lists,
)

MARK = """
INSERT INTO {database}.rollup_marks (Project, Hour)
SELECT pair.1, fromUnixTimestamp(pair.2)
FROM (SELECT arrayJoin(arrayZip({projects:Array(String)}, {hours:Array(UInt32)})) AS pair)
"""

MOST_HOURS = 10_000
FEWEST_HOURS = 48
"""Of a longer extent the first and the last hours are marked; a sweep finds what changed in between."""
LATEST_HOUR_S = (1 << 32) - HOUR_S
"""What the column can hold. Later hours are never rolled up."""

Extent = tuple[str, int, int]
"""A project with the first and the last nanosecond of spans that are changed."""


def mark_hours(tables: RollupTables, hours: Iterable[ProjectHour]) -> None:
    for some in batches(hours):
        tables.command(MARK, hour_lists(some))


def mark_extents(tables: RollupTables, extents: Collection[Extent]) -> None:
    most = max(FEWEST_HOURS, MOST_HOURS // max(1, len(extents)))
    mark_hours(tables, sorted({hour for extent in extents for hour in hours_of(*extent, most)}))


def hours_of(project: str, first_ns: int, last_ns: int, most: int) -> Iterator[ProjectHour]:
    """The hours that an extent touches, at most so many, from both its ends."""
    numbers = range(max(0, first_ns // HOUR_NS), min(last_ns // HOUR_NS, LATEST_HOUR_S // HOUR_S) + 1)
    half = most // 2
    shown = [*numbers[:half], *numbers[-half:]] if len(numbers) > most else numbers
    return (ProjectHour(project, number * HOUR_S) for number in shown)
