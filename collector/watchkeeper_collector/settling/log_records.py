"""Completing spans with what log records tell of them.

The records come before their span or after it, in other requests. Of a window of time those traces are looked
at that records were received of, and those that spans were received of, and records within a day before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from watchkeeper_collector.settling.aspects import (
    ASPECTS,
    COLUMNS,
    OF_PRICE,
    OF_TWINS,
    TOLD,
    Aspect,
    Column,
)
from watchkeeper_collector.settling.corrections import SPAN_KEY, Update
from watchkeeper_collector.settling.span_table import Lists, SpanTable, batches
from watchkeeper_collector.settling.spans import SpanKey
from watchkeeper_collector.settling.survey import PLAUSIBLE, Suspect, Window, with_extents
from watchkeeper_collector.settling.whole_traces import OF_TRACES

# The span of an agent comes when it has ended, so long after the records of its beginning.
EARLIER_NS = 24 * 3600 * 1_000_000_000

RECEIVED = """ReceivedAt >= fromUnixTimestamp64Nano({earlier_ns:Int64})
    AND ReceivedAt < fromUnixTimestamp64Nano({new_until_ns:Int64})"""

RECORDS = f"SELECT count() FROM {{database}}.log_features WHERE {RECEIVED}"

TRACES = f"""
SELECT Project, TraceId, toUnixTimestamp64Nano(min(Timestamp)), toUnixTimestamp64Nano(max(Timestamp))
FROM {{database}}.log_features
WHERE {RECEIVED}
    AND {PLAUSIBLE}
    AND (ReceivedAt >= fromUnixTimestamp64Nano({{new_since_ns:Int64}})
        OR cityHash64(Project, TraceId) GLOBAL IN
        (
            SELECT cityHash64(Project, TraceId)
            FROM {{database}}.spans
            WHERE ReceivedAt >= fromUnixTimestamp64Nano({{new_since_ns:Int64}})
                AND ReceivedAt < fromUnixTimestamp64Nano({{new_until_ns:Int64}})
        ))
GROUP BY Project, TraceId
"""


def array(expressions: Iterator[str]) -> str:
    return f"[{', '.join(expressions)}]"


SPANS = f"""
SELECT
    Project,
    TraceId,
    SpanId,
    toUnixTimestamp64Nano(Timestamp),
    {array(aspect.told(column) for aspect, column in COLUMNS)} AS Told,
    arrayMap((t, s, o) -> t NOT IN ('', s) AND NOT o, Told, Stored, Own) AS Changed
FROM
(
    SELECT
        *,
        {array(column.stored for _, column in COLUMNS)} AS Stored,
        {array(aspect.is_own for aspect, _ in COLUMNS)} AS Own
    FROM
    (
        SELECT Project, TraceId, SpanId, Timestamp, Kind, IsError, Inherited, FromLogs, {{columns}}
        FROM {{database}}.spans
        WHERE {OF_TRACES}
    )
) AS stored
GLOBAL INNER JOIN
(
    SELECT Project, TraceId, SpanId, {", ".join(f"{told} AS {name}" for name, told in TOLD.items())}
    FROM {{database}}.log_features
    WHERE (Project, TraceId) IN arrayZip({{projects}}, {{traces}})
    GROUP BY Project, TraceId, SpanId
) AS told USING (Project, TraceId, SpanId)
WHERE has(Changed, true)
""".replace("{columns}", ", ".join(column.name for _, column in COLUMNS))


@dataclass(frozen=True, slots=True)
class Completion:
    """A span that lacks what records tell: a text for each of ``COLUMNS``, and which of them change."""

    key: SpanKey
    start_ns: int
    told: tuple[str, ...]
    changed: tuple[bool, ...]

    @property
    def bits(self) -> int:
        """All that records tell, in `FromLogs`; what of it is the span's own, the update finds out."""
        return sum({aspect.bit for (aspect, _), text in zip(COLUMNS, self.told, strict=True) if text})

    def changes(self, aspects: Sequence[Aspect]) -> bool:
        changed = zip(COLUMNS, self.changed, strict=True)
        return any(is_changed and aspect in aspects for (aspect, _), is_changed in changed)


def told_traces(table: SpanTable, window: Window) -> list[Suspect]:
    """The traces of a window that records tell something of."""
    around = {**window.parameters(), "earlier_ns": max(0, window.new_since_ns - EARLIER_NS)}
    if not table.query(RECORDS, around)[0][0]:
        return []
    found = [Suspect((row[0], row[1]), row[2], row[3]) for row in table.query(TRACES, around)]
    return with_extents(table, found)


def complete_from_logs(
    table: SpanTable, suspects: Sequence[Suspect], now_ms: int
) -> tuple[int, list[Suspect]]:
    """Give the spans of these traces what they lack; how many there were, and their traces.

    What a trace's spans have of themselves is then another: it wants settling again.
    """
    completions = read_completions(table, suspects)
    for some in batches(completions):
        fill(table, some, now_ms)
    changed = {completion.key[:2] for completion in completions}
    with_twins = {completion.key[:2] for completion in completions if completion.changes(OF_TWINS)}
    return len(completions), [
        replace(suspect, has_twins=suspect.key in with_twins)
        for suspect in suspects
        if suspect.key in changed
    ]


def read_completions(table: SpanTable, suspects: Sequence[Suspect]) -> list[Completion]:
    if not suspects:
        return []
    lists = Lists()
    statement = SPANS.replace("{projects}", lists.add([suspect.key[0] for suspect in suspects]))
    statement = statement.replace("{traces}", lists.add([suspect.key[1] for suspect in suspects]))
    extent = {
        "first_ns": min(suspect.first_ns for suspect in suspects),
        "last_ns": max(suspect.last_ns for suspect in suspects),
    }
    rows = table.query(statement, lists.parameters | extent)
    return [Completion((row[0], row[1], row[2]), row[3], tuple(row[4]), tuple(row[5])) for row in rows]


def fill(table: SpanTable, completions: Sequence[Completion], now_ms: int) -> None:
    """Write what records tell. A span keeps what it was sent with in the statement itself."""
    times_ns = [(completion.start_ns, completion.start_ns) for completion in completions]
    update = Update(SPAN_KEY, [completion.key for completion in completions], times_ns)
    for place, (aspect, column) in enumerate(COLUMNS):
        if any(completion.changed[place] for completion in completions):
            set_told(update, aspect, column, [completion.told[place] for completion in completions])
    bits = update.look_number_up("FromLogs", [completion.bits for completion in completions], "UInt16")
    own = " + ".join(f"{aspect.is_own} * {aspect.bit}" for aspect in ASPECTS)
    update.set("FromLogs", f"bitOr(FromLogs, bitAnd({bits}, bitNot(toUInt16({own}))))")
    # User and session have the same bits there and here.
    update.set("Inherited", f"bitAnd(Inherited, bitNot(toUInt8(bitAnd({bits}, 3))))")
    if any(completion.changes(OF_PRICE) for completion in completions):
        set_unpriced(update, [int(completion.changes(OF_PRICE)) for completion in completions])
    update.run(table, now_ms)


def set_told(update: Update, aspect: Aspect, column: Column, told: Sequence[str]) -> None:
    text = update.look_up("''", told)
    kept = f"toString({column.name})" if column.type in ("text", "word") else column.name
    update.set(column.name, f"if({aspect.is_own}, {kept}, {column.replaced(text)})")


def set_unpriced(update: Update, is_affected: Sequence[int]) -> None:
    """Have the price worker look at the calls whose tokens or models are others now."""
    is_unpriced = f"{update.look_number_up('0', is_affected)} = 1"
    update.set("CostUsd", f"if({is_unpriced}, NULL, CostUsd)")
    update.set("CostSource", f"if({is_unpriced}, 'unpriced', toString(CostSource))")
    update.set("PriceVersion", f"if({is_unpriced}, '', toString(PriceVersion))")
