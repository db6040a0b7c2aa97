"""An answer beside that of an earlier window."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.aggregation import (
    Table,
    group_table,
    groups_of,
    rest_row,
    run_query,
    series_table,
)
from watchkeeper_collector.query.measures import find_measure
from watchkeeper_collector.query.question import Question
from watchkeeper_collector.query.relation import Origin, find_origin
from watchkeeper_collector.query.source import DAY_NS, Source
from watchkeeper_collector.query.times import Window

BEFORE, CHANGE = "_before", "_change"
Values = tuple[Any, ...]


def earlier_window(question: Question) -> Window:
    """The window that a question is compared with. Raises ``InvalidQueryError`` for one without both ends.

    It lies as much earlier as the window is long, or a week; with a step, whole steps, so that the points of
    both lie on each other.
    """
    window, step_ns = question.slice.window, question.step_ns or 1
    if window.start_ns is None or window.end_ns is None:
        raise InvalidQueryError("A comparison needs a window with a start and an end.")
    back_ns = 7 * DAY_NS if question.compare == "week" else window.end_ns - window.start_ns
    back_ns = -(-back_ns // step_ns) * step_ns
    return Window(window.start_ns - back_ns, window.end_ns - back_ns)


def answer(source: Source, question: Question) -> Table:
    """Answer a question, beside an earlier window if it says so."""
    return compare(source, question) if question.compare else run_query(source, question)


def compare(source: Source, question: Question) -> Table:
    """Answer a question; each row has its measures before, and their change as a share of that.

    Groups that only the earlier window has come last, with nothing now, unless there are more than the limit.
    """
    earlier = replace(question, slice=replace(question.slice, window=earlier_window(question)))
    now = run_query(source, question)
    has_steps = question.step_ns is not None
    origin = find_origin(source, earlier)
    found = (_series_before if has_steps else _groups_before)(origin, question, now)
    width = len(now.names) - len(question.measures)
    nothing = tuple(None if find_measure(name).empty == "NULL" else 0 for name in question.measures)
    rows = [(*row, *_beside(row[width:], found.pop(tuple(row[:width]), nothing))) for row in now.rows]
    room = 0 if has_steps else max(0, question.limit - len(rows))
    rows += [(*group, *nothing, *_beside(nothing, values)) for group, values in islice(found.items(), room)]
    names = [f"{name}{ending}" for name in question.measures for ending in (BEFORE, CHANGE)]
    is_rolled_up = now.is_rolled_up or origin.coverage is not None
    return Table((*now.names, *names), rows, now.is_truncated, is_rolled_up)


def change(now: float | None, before: float | None) -> float | None:
    """By what share of the value before it has changed; ``None`` where that can't be said."""
    return None if now is None or not before else (now - before) / abs(before)


def _groups_before(origin: Origin, question: Question, now: Table) -> dict[Values, Values]:
    """The measures of each group in the earlier window, by its dimensions."""
    width = len(question.by)
    groups = groups_of(now, question) if now.is_truncated else None
    rows = group_table(origin, groups).rows
    if groups is not None and question.has_other:
        rows = [*rows, rest_row(origin, groups)]
    return {tuple(row[:width]): tuple(row[width:]) for row in rows}


def _series_before(origin: Origin, question: Question, now: Table) -> dict[Values, Values]:
    """The measures at each point of the earlier window, by the time of its counterpart and dimensions."""
    width, groups = 1 + len(question.by), None
    if question.by:
        named = dict.fromkeys(row[1:width] for row in now.rows if None not in row[1:width])
        groups = Table(tuple(question.by), list(named), now.is_truncated)
    back_ns = (question.slice.window.start_ns or 0) - (origin.question.slice.window.start_ns or 0)
    found = series_table(origin, groups, later_ns=back_ns)
    return {tuple(row[:width]): tuple(row[width:]) for row in found.rows}


def _beside(now: Sequence[Any], before: Sequence[Any]) -> list[Any]:
    return [value for pair in zip(now, before, strict=True) for value in (pair[1], change(*pair))]
