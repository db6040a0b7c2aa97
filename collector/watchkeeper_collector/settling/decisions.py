"""What changes: values and duplicates of whole traces, against what is stored."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from watchkeeper_collector.settling.duplicates import call_groups, duplicates
from watchkeeper_collector.settling.inheritance import inherited
from watchkeeper_collector.settling.spans import FIELDS, Settled, Span, SpanKey, TraceKey, Value


@dataclass(frozen=True, slots=True)
class Change:
    """A span that is not stored as it was decided."""

    span: Span
    decision: Settled

    def changes_field(self, position: int) -> bool:
        """What a span was sent with never changes."""
        is_own = self.span.own & FIELDS[position].bit
        return not is_own and self.decision.values[position] != self.span.stored.values[position]

    @property
    def changes_duplicate(self) -> bool:
        return self.decision.duplicate_of != self.span.stored.duplicate_of

    @property
    def is_one(self) -> bool:
        return self.changes_duplicate or any(map(self.changes_field, range(len(FIELDS))))


def decide(
    spans: Sequence[Span], *, repeating: Collection[TraceKey] = (), context: Sequence[Span] = ()
) -> list[Change]:
    """The spans that are not stored as they should be.

    ``spans`` are whole traces. In the ``repeating`` ones calls may be recorded twice, and ``context`` are the
    other traces, whole too, that have such a call's response id.
    """
    values = inherited_values(spans)
    twins = duplicates_in(spans, context, repeating) if repeating else {}
    decisions = (
        Change(
            span,
            Settled(values.get(span.key, span.stored.values), twins.get(span.key, span.stored.duplicate_of)),
        )
        for span in (*spans, *context)
    )
    return [change for change in decisions if change.is_one]


def inherited_values(spans: Iterable[Span]) -> dict[SpanKey, tuple[Value, ...]]:
    return {
        (*key, span_id): values
        for key, of_trace in by_trace(spans).items()
        for span_id, values in inherited(of_trace).items()
    }


def duplicates_in(
    spans: Sequence[Span], context: Sequence[Span], repeating: Collection[TraceKey]
) -> dict[SpanKey, str]:
    """For each call that is recorded in a repeating trace, and for its twins: the span that counts."""
    projects: dict[str, dict[str, list[Span]]] = defaultdict(dict)
    for (project, trace_id), of_trace in by_trace((*spans, *context)).items():
        projects[project][trace_id] = of_trace
    groups = (
        group
        for traces in projects.values()
        for group in call_groups(traces)
        if any(span.trace in repeating for span in group)
    )
    return duplicates(groups)


def by_trace(spans: Iterable[Span]) -> Mapping[TraceKey, list[Span]]:
    traces: dict[TraceKey, list[Span]] = defaultdict(list)
    for span in spans:
        traces[span.trace].append(span)
    return traces
