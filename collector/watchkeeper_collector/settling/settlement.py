"""Settling one window: survey, look at the suspects as a whole, decide, correct."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from watchkeeper_collector.settling.corrections import complete, correct
from watchkeeper_collector.settling.decisions import decide
from watchkeeper_collector.settling.log_records import complete_from_logs, told_traces
from watchkeeper_collector.settling.span_table import SpanTable
from watchkeeper_collector.settling.spans import Span
from watchkeeper_collector.settling.survey import Suspect, Window, survey, with_extents
from watchkeeper_collector.settling.whole_traces import Line, find_sharing, read_lines, read_spans

# Traces that are looked at together.
MOST_TRACES = 10_000
# Spans in memory together, and the most of one trace whose tree is read: what is longer is no request.
MOST_SPANS = 100_000


@dataclass(slots=True)
class SettleCounts:
    """What a round did. ``completed`` traces were given what their spans agree on.

    ``told`` spans got something from log records.
    """

    looked_at: int = 0
    told: int = 0
    completed: int = 0
    corrected: int = 0
    duplicates: int = 0
    too_large: int = 0


def settle(
    table: SpanTable, window: Window, counts: SettleCounts, now_ms: int, is_over: Callable[[], bool]
) -> None:
    """Bring all traces with new spans or log records in the window to right values.

    Ends early when ``is_over``.
    """
    for told in pieces(told_traces(table, window)):
        if is_over():
            return
        spans, suspects = complete_from_logs(table, told, now_ms)
        counts.told += spans
        settle_traces(table, suspects, counts, now_ms)
    for suspects in survey(table, window):
        for some in pieces(suspects):
            if is_over():
                return
            settle_traces(table, some, counts, now_ms)


def pieces(suspects: Iterable[Suspect]) -> Iterator[Sequence[Suspect]]:
    """Cut traces into lists whose spans lie close to each other in time."""
    in_order = sorted(suspects, key=lambda suspect: suspect.first_ns)
    for start in range(0, len(in_order), MOST_TRACES):
        yield in_order[start : start + MOST_TRACES]


def settle_traces(table: SpanTable, suspects: Sequence[Suspect], counts: SettleCounts, now_ms: int) -> None:
    lines = read_lines(table, suspects)
    too_large = [line for line in lines if line.needs_tree and line.spans > MOST_SPANS]
    trees = [line for line in lines if line.needs_tree and line.spans <= MOST_SPANS]
    plain = [line for line in lines if line.is_incomplete and (not line.needs_tree or line in too_large)]
    counts.looked_at += len(lines)
    counts.too_large += len(too_large)
    complete(table, plain, now_ms)
    counts.completed += len(plain)
    for some in by_size(trees):
        settle_trees(table, some, counts, now_ms)


def settle_trees(table: SpanTable, lines: Sequence[Line], counts: SettleCounts, now_ms: int) -> None:
    spans = read_spans(table, [line.suspect for line in lines])
    repeating = {line.suspect.key for line in lines if line.may_repeat}
    context = read_context(table, spans, [span for span in spans if span.trace in repeating])
    changes = decide(spans, repeating=repeating, context=context)
    correct(table, changes, now_ms)
    counts.corrected += len(changes)
    counts.duplicates += sum(
        change.changes_duplicate and change.decision.duplicate_of != "" for change in changes
    )


def read_context(table: SpanTable, spans: Iterable[Span], repeating: Iterable[Span]) -> list[Span]:
    """The other traces that have a response id of the repeating spans."""
    here = {span.trace for span in spans}
    elsewhere = [trace for trace in find_sharing(table, repeating) if trace.key not in here]
    lines = read_lines(table, with_extents(table, elsewhere))
    return read_spans(table, [line.suspect for line in lines if line.spans <= MOST_SPANS])


def by_size(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Cut traces into lists that fit into memory with all their spans."""
    some: list[Line] = []
    spans = 0
    for line in lines:
        if some and spans + line.spans > MOST_SPANS:
            yield some
            some, spans = [], 0
        some.append(line)
        spans += line.spans
    if some:
        yield some
