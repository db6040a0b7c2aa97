"""The newest spans of a slice, without reading all of them."""

from collections.abc import Sequence

from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Source

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


def find_floor(source: Source, conditions: Sequence[str], bindings: Bindings, count: int) -> int | None:
    """A time since when ``count`` or more spans meet the conditions; ``None``: there are fewer."""
    sql = (
        FLOOR.replace("{database}", source.database)
        .replace("{conditions}", "\n        AND ".join(conditions))
        .replace("{count}", bindings.bind(count, "UInt32"))
    )
    found, floor_ns = source.query(sql, bindings).rows[0]
    return int(floor_ns) if found == count else None
