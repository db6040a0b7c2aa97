"""Building hours: their rows first, then the line that makes them count."""

from collections.abc import Mapping, Sequence

from watchkeeper_schemas.rollup import COLUMNS, KEYS, rolled

from watchkeeper_collector.rollup.survey import State, merged, ranges_sql
from watchkeeper_collector.rollup.tables import ProjectHour, RollupTables, batches, hour_lists

MOST_ROWS = 200_000
"""Hours that are told apart into more are not worth it: they are read from ``spans``."""

BUILD = f"""
INSERT INTO {{database}}.rollup_1h (Project, BuiltAt, Hour, {", ".join([*KEYS, *COLUMNS])})
SELECT
    Project,
    fromUnixTimestamp64Micro({{built_us:Int64}}) AS BuiltAt,
    {rolled(COLUMNS)}
FROM {{database}}.spans AS spans
WHERE {{ranges}}
    AND (Project, toUnixTimestamp(toStartOfHour(Timestamp)))
        IN arrayZip({{projects:Array(String)}}, {{hours:Array(UInt32)}})
GROUP BY Project, Hour, {", ".join(KEYS)}
"""

PUBLISH = """
INSERT INTO {database}.rollup_hours (Project, Hour, BuiltAt, Spans, Fingerprint)
SELECT line.1, fromUnixTimestamp(line.2), fromUnixTimestamp64Micro({built_us:Int64}), line.3, line.4
FROM
(
    SELECT arrayJoin(arrayZip(
        {projects:Array(String)},
        {hours:Array(UInt32)},
        {spans:Array(UInt64)},
        {fingerprints:Array(UInt64)})) AS line
)
"""


def build_hours(tables: RollupTables, hours: Mapping[ProjectHour, State], built_us: int) -> None:
    """Roll hours up. ``built_us`` is the time before which their states were looked up.

    A span that comes in between is in the rows and not in the state: the next look finds another state, and
    the hour is built once more.
    """
    limits = {"max_rows_to_group_by": MOST_ROWS, "group_by_overflow_mode": "throw"}
    for some in batches(sorted(hours)):
        statement = BUILD.replace("{ranges}", ranges_sql([*merged(hour.hour_s for hour in some)]))
        tables.command(statement, hour_lists(some) | {"built_us": built_us}, settings=limits)
        _publish(tables, some, hours, built_us)


def _publish(
    tables: RollupTables, some: Sequence[ProjectHour], hours: Mapping[ProjectHour, State], built_us: int
) -> None:
    states = {
        "spans": [hours[hour].spans for hour in some],
        "fingerprints": [hours[hour].fingerprint for hour in some],
    }
    tables.command(PUBLISH, hour_lists(some) | states | {"built_us": built_us})
