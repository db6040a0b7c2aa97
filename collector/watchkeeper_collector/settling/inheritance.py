"""What a span takes over from the other spans of its trace.

The order: its own value; that of the nearest ancestor with an own one; the root's; the one that all own
values of the trace agree on; none. Spans arrive in any order, parents may never come, and senders send
cycles: every walk here ends, and all of them together take time linear in the number of spans.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from watchkeeper_collector.settling.spans import FIELDS, Field, Span, Value

T = TypeVar("T")


def parents_of(spans: Iterable[Span]) -> dict[str, str]:
    """Span id → parent's span id, empty for a root. Of rows that share a span id, the smallest parent."""
    parents: dict[str, str] = {}
    for span in spans:
        parents[span.span_id] = min(span.parent_id, parents.get(span.span_id, span.parent_id))
    return parents


def nearest(parents: Mapping[str, str], own: Mapping[str, T]) -> dict[str, T | None]:
    """For each span, what itself or its nearest ancestor has in ``own``; ``None`` where none has."""
    found: dict[str, T | None] = dict(own)
    for span_id in parents:
        path, at = [], span_id
        while at in parents and at not in found:
            found[at] = None  # ends the walk in a cycle
            path.append(at)
            at = parents[at]
        value = found.get(at)
        for passed in path:
            found[passed] = value
    return found


def inherited(spans: Sequence[Span]) -> dict[str, tuple[Value, ...]]:
    """The values of one trace's spans by span id, in the order of ``FIELDS``.

    A field that no span has a value of its own for stays as it is stored: what spans inherited remains
    when its source has expired.
    """
    parents = parents_of(spans)
    stored = {span.span_id: span.stored.values for span in spans}
    columns = []
    for position, field in enumerate(FIELDS):
        own = own_values(spans, position, field)
        if own:
            columns.append(field_values(parents, own, field))
        else:
            columns.append({span_id: stored[span_id][position] for span_id in parents})
    return {span_id: tuple(column[span_id] for column in columns) for span_id in parents}


def own_values(spans: Iterable[Span], position: int, field: Field) -> dict[str, Value]:
    """What spans were sent with, by span id. Of rows that share a span id, the smallest value."""
    own: dict[str, Value] = {}
    for span in spans:
        value = span.stored.values[position]
        if span.own & field.bit and any(value):
            own[span.span_id] = min(value, own.get(span.span_id, value))
    return own


def field_values(parents: Mapping[str, str], own: Mapping[str, Value], field: Field) -> dict[str, Value]:
    roots = {own[span_id] for span_id, parent_id in parents.items() if not parent_id and span_id in own}
    otherwise = agreed(roots) or agreed(set(own.values())) or field.nothing
    return {span_id: value or otherwise for span_id, value in nearest(parents, own).items()}


def agreed(values: set[Value]) -> Value | None:
    return next(iter(values)) if len(values) == 1 else None
