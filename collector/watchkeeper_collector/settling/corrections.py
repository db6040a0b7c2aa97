"""Writing what was decided: one lightweight update for thousands of traces or spans.

The decisions travel as bound lists, and each row looks its own up by its key. A span keeps the values it
was sent with whatever a decision says, so an update may come twice, and may come late.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from watchkeeper_collector.settling.span_table import Lists, SpanTable
from watchkeeper_collector.settling.spans import FIELDS, Field, Settled, SpanKey
from watchkeeper_collector.settling.whole_traces import Line, is_own

T = TypeVar("T")

MOST_KEYS = 10_000

# Lengths first, so that no two keys read the same.
KEY = "concat(toString(length({p})), ' ', toString(length({t})), ' ', {p}, {t}, {s})"
KEY_OF_TRACE = KEY.format(p="Project", t="TraceId", s="''")
KEY_OF_SPAN = KEY.format(p="Project", t="TraceId", s="SpanId")
THE_SPANS = "(Project, TraceId, SpanId) IN arrayZip({projects}, {traces}, {spans})"
KEYS = f"arrayMap((p, t, s) -> {KEY.format(p='p', t='t', s='s')}, {{projects}}, {{traces}}, {{spans}})"

UPDATE = """
UPDATE {table} SET
    {assignments},
    SettledAt = fromUnixTimestamp64Milli({settled_ms:Int64})
WHERE (Project, TraceId) IN arrayZip({projects}, {traces})
    AND {condition}
    AND Timestamp >= fromUnixTimestamp64Nano({first_ns:Int64})
    AND Timestamp <= fromUnixTimestamp64Nano({last_ns:Int64})
"""


@dataclass(frozen=True, slots=True)
class Extent:
    """When the first and the last span start that an update concerns."""

    first_ns: int
    last_ns: int


class Update:
    """One statement for many keys; ``assignments`` grow as columns are set."""

    def __init__(self, keys: Sequence[SpanKey], *, of_whole_traces: bool) -> None:
        self.lists = Lists()
        self.assignments: list[str] = []
        self._key = KEY_OF_TRACE if of_whole_traces else KEY_OF_SPAN
        self._condition = "true" if of_whole_traces else THE_SPANS
        projects, traces, spans = (self.lists.add(ids) for ids in zip(*keys, strict=True))
        self._places = {"{projects}": projects, "{traces}": traces, "{spans}": spans}
        self._keys = self._filled(KEYS)

    def looked_up(self, column: str, values: Sequence[str]) -> str:
        """SQL: the value for the row's key."""
        return f"transform({self._key}, {self._keys}, {self.lists.add(values)}, toString({column}))"

    def run(self, table: SpanTable, extent: Extent, settled_ms: int) -> None:
        statement = UPDATE.replace("{table}", table.local_spans)
        statement = statement.replace("{condition}", self._condition)
        statement = self._filled(statement.replace("{assignments}", ",\n    ".join(self.assignments)))
        bound = {"settled_ms": settled_ms, "first_ns": extent.first_ns, "last_ns": extent.last_ns}
        table.connection.command(statement.strip(), self.lists.parameters | bound)

    def _filled(self, text: str) -> str:
        for place, expression in self._places.items():
            text = text.replace(place, expression)
        return text


def complete(table: SpanTable, lines: Sequence[Line], settled_ms: int) -> None:
    """Give all spans of traces without conflict what they lack."""
    for some in batches(lines):
        update = Update([(*line.suspect.key, "") for line in some], of_whole_traces=True)
        completed = [line.completed for line in some]
        set_values(update, completed, keeps_unknown=True)
        first_ns = min(line.suspect.first_ns for line in some)
        last_ns = max(line.suspect.last_ns for line in some)
        update.run(table, Extent(first_ns, last_ns), settled_ms)


def correct(table: SpanTable, decisions: Mapping[SpanKey, Settled], extent: Extent, settled_ms: int) -> None:
    """Give spans exactly what was decided for each."""
    for some in batches(list(decisions.items())):
        update = Update([key for key, _ in some], of_whole_traces=False)
        set_values(update, [settled for _, settled in some], keeps_unknown=False)
        duplicate_of = update.looked_up("DuplicateOf", [settled.duplicate_of for _, settled in some])
        update.assignments += [f"DuplicateOf = {duplicate_of}", f"IsDuplicate = {duplicate_of} != ''"]
        update.run(table, extent, settled_ms)


def set_values(update: Update, decisions: Sequence[Settled], *, keeps_unknown: bool) -> None:
    """Set the columns of ``FIELDS`` and ``Inherited``; ``keeps_unknown``: an empty value changes nothing."""
    inherited = []
    for position, field in enumerate(FIELDS):
        values = [settled.values[position] for settled in decisions]
        is_known = " OR ".join(set_field(update, field, values, keeps_unknown=keeps_unknown))
        inherited.append(f"{field.bit} * (NOT {is_own(field)} AND ({is_known}))")
    update.assignments.append(f"Inherited = toUInt8({' + '.join(inherited)})")


def set_field(
    update: Update, field: Field, values: Sequence[Sequence[str]], *, keeps_unknown: bool
) -> Iterator[str]:
    """Set a field's columns where any of them changes; for each the SQL for "is not empty then"."""
    for column, column_values in zip(field.columns, zip(*values, strict=True), strict=True):
        if keeps_unknown and not any(column_values):
            yield f"{column} != ''"
            continue
        value = update.looked_up(column, column_values)
        if keeps_unknown:
            value = f"if({value} = '', toString({column}), {value})"
        update.assignments.append(f"{column} = if({is_own(field)}, toString({column}), {value})")
        yield f"{value} != ''"


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), MOST_KEYS):
        yield items[start : start + MOST_KEYS]
