"""The newest spans of a slice, without reading all of them."""

from collections.abc import Iterator
from dataclasses import replace

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import DAY_NS, Slice, Source, at
from watchkeeper_collector.query.times import Window

# The engine reads `spans` backwards in the order of its key, minute by minute, and stops when it has enough.
FLOOR = """SELECT count(), min(toUnixTimestamp64Nano(Timestamp))
FROM
(
    SELECT Timestamp
    FROM {database}.spans
    WHERE {conditions}
    ORDER BY toStartOfMinute(Timestamp) DESC
    LIMIT {count}
)"""
GROWTH = 16
DAYS_OF_WORDS = (1, 10)


def newest_parts(source: Source, slice_: Slice, count: int, before_ns: int | None) -> Iterator[Slice]:
    """Ever longer ends of a slice; the first has ``count`` spans up to a time, the last is all of it.

    Words are first looked for in the content of a few days, which costs less the fewer they are.
    """
    if slice_.has_words():
        floors = _floors_of_words(source, slice_, before_ns)
    else:
        floors = _floors(source, slice_, count, before_ns)
    for floor_ns in floors:
        if floor_ns > (slice_.window.start_ns or floor_ns - 1):
            yield replace(slice_, window=Window(floor_ns, slice_.window.end_ns))
    yield slice_


def _floors(source: Source, slice_: Slice, count: int, before_ns: int | None) -> Iterator[int]:
    while (floor_ns := find_floor(source, slice_, count, before_ns)) is not None:
        yield floor_ns
        count *= GROWTH


def _floors_of_words(source: Source, slice_: Slice, before_ns: int | None) -> Iterator[int]:
    if before_ns is None:
        before_ns = find_floor(source, replace(slice_, filter=""), 1, None)
    if before_ns is not None:
        yield from (before_ns - days * DAY_NS for days in DAYS_OF_WORDS)


def find_floor(source: Source, slice_: Slice, count: int, before_ns: int | None) -> int | None:
    """A time since when ``count`` or more spans are in the slice; ``None``: there are fewer."""
    bindings = Bindings()
    conditions = slice_.conditions(bindings, source)
    if before_ns is not None:
        conditions.append(f"Timestamp <= {at(before_ns, bindings)}")
    sql = (
        FLOOR.replace("{database}", source.database)
        .replace("{conditions}", "\n        AND ".join(conditions))
        .replace("{count}", bindings.bind(count, "UInt32"))
    )
    found, floor_ns = source.query(sql, bindings).rows[0]
    return int(floor_ns) if found == count else None
