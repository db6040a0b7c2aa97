"""Writing what was decided: one lightweight update for thousands of traces or spans.

The decisions travel as bound lists, and each row looks its own up by its key. A span keeps the values it
was sent with whatever a decision says, so an update may come twice, and may come late. The engine reads a
list anew wherever it is named: an update sets the columns that change and no others.
"""

from collections.abc import Sequence

from watchkeeper_collector.settling.decisions import Change
from watchkeeper_collector.settling.span_table import Lists, SpanTable, batches
from watchkeeper_collector.settling.spans import FIELDS, Value
from watchkeeper_collector.settling.whole_traces import Line, is_own

# Lengths first, so that no two keys read the same.
TRACE_KEY = "concat(toString(length(Project)), ' ', toString(length(TraceId)), ' ', Project, TraceId)"
SPAN_KEY = TRACE_KEY.replace("TraceId)", "TraceId, SpanId)").replace(
    "length(TraceId, SpanId)", "length(TraceId)"
)

OWN = " + ".join(f"{is_own(field)} * {field.bit}" for field in FIELDS)

UPDATE = """
UPDATE {table} SET
    {assignments},
    SettledAt = fromUnixTimestamp64Milli({settled_ms:Int64})
WHERE {condition}
    AND Timestamp >= fromUnixTimestamp64Nano({first_ns:Int64})
    AND Timestamp <= fromUnixTimestamp64Nano({last_ns:Int64})
"""


class Update:
    """One statement for many keys, to which columns are added."""

    def __init__(self, key: str, keys: Sequence[Sequence[str]], times_ns: Sequence[tuple[int, int]]) -> None:
        """``times_ns``: when the first and the last span of each key start."""
        self._lists = Lists()
        self._assignments: list[str] = []
        self._extent = {
            "first_ns": min(first_ns for first_ns, _ in times_ns),
            "last_ns": max(last_ns for _, last_ns in times_ns),
        }
        self._touched = [(parts[0], *times) for parts, times in zip(keys, times_ns, strict=True)]
        self._key = key
        self._keys = self._lists.add([key_text(*parts) for parts in keys])
        columns = ("Project", "TraceId", "SpanId")[: len(keys[0])]
        lists = (self._lists.add(ids) for ids in zip(*keys, strict=True))
        self._condition = f"({', '.join(columns)}) IN arrayZip({', '.join(lists)})"

    def look_up(self, column: str, values: Sequence[str]) -> str:
        """SQL: the value for the row's key."""
        return f"transform({self._key}, {self._keys}, {self._lists.add(values)}, toString({column}))"

    def look_number_up(self, column: str, values: Sequence[int], kind: str = "UInt8") -> str:
        values_list = self._lists.add(values, kind)
        return f"transform({self._key}, {self._keys}, {values_list}, to{kind}({column}))"

    def set(self, column: str, expression: str) -> None:
        self._assignments.append(f"{column} = {expression}")

    def run(self, table: SpanTable, settled_ms: int) -> None:
        statement = UPDATE.replace("{table}", table.local_spans).replace("{condition}", self._condition)
        statement = statement.replace("{assignments}", ",\n    ".join(self._assignments))
        bound = {**self._lists.parameters, **self._extent, "settled_ms": settled_ms}
        table.touch(self._touched)
        table.connection.command(statement.strip(), bound)
        table.touch(self._touched)


def key_text(project: str, trace_id: str, span_id: str = "") -> str:
    return f"{len(project.encode())} {len(trace_id.encode())} {project}{trace_id}{span_id}"


def complete(table: SpanTable, lines: Sequence[Line], settled_ms: int) -> None:
    """Give all spans of traces without conflict what they lack."""
    for some in batches(lines):
        times_ns = [(line.suspect.first_ns, line.suspect.last_ns) for line in some]
        update = Update(TRACE_KEY, [line.suspect.key for line in some], times_ns)
        completed = [line.completed for line in some]
        for position, field in enumerate(FIELDS):
            for place, column in enumerate(field.columns):
                values = [value[position][place] for value in completed]
                if any(values):
                    found = update.look_up(column, values)
                    update.set(column, f"if({is_own(field)} OR {found} = '', toString({column}), {found})")
        found = update.look_number_up("Inherited", [bits_of(values) for values in completed])
        update.set("Inherited", f"bitAnd(bitOr(Inherited, {found}), bitNot(toUInt8({OWN})))")
        update.run(table, settled_ms)


def correct(table: SpanTable, changes: Sequence[Change], settled_ms: int) -> None:
    """Give spans exactly what was decided for each."""
    for some in batches(changes):
        times_ns = [(change.span.start_ns, change.span.start_ns) for change in some]
        update = Update(SPAN_KEY, [change.span.key for change in some], times_ns)
        set_values(update, some)
        set_duplicates(update, some)
        update.run(table, settled_ms)


def set_values(update: Update, changes: Sequence[Change]) -> None:
    for position, field in enumerate(FIELDS):
        if not any(change.changes_field(position) for change in changes):
            continue
        for place, column in enumerate(field.columns):
            found = update.look_up(column, [change.decision.values[position][place] for change in changes])
            update.set(column, f"if({is_own(field)}, toString({column}), {found})")
    found = update.look_number_up("Inherited", [bits_of(change.decision.values) for change in changes])
    update.set("Inherited", f"bitAnd({found}, bitNot(toUInt8({OWN})))")


def set_duplicates(update: Update, changes: Sequence[Change]) -> None:
    if not any(change.changes_duplicate for change in changes):
        return
    originals = [change.decision.duplicate_of for change in changes]
    update.set("DuplicateOf", update.look_up("DuplicateOf", originals))
    are_duplicates = [int(original != "") for original in originals]
    update.set("IsDuplicate", f"{update.look_number_up('IsDuplicate', are_duplicates)} = 1")


def bits_of(values: Sequence[Value]) -> int:
    """The bits of ``Inherited`` for a span without own values."""
    return sum(field.bit for field, value in zip(FIELDS, values, strict=True) if any(value))
