"""What changes: values and duplicates of whole traces, against what is stored."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from watchkeeper_collector.settling.duplicates import call_groups, duplicates
from watchkeeper_collector.settling.inheritance import inherited
from watchkeeper_collector.settling.spans import FIELDS, Settled, Span, SpanKey, TraceKey, Value


def decide(
    spans: Sequence[Span], *, repeating: Collection[TraceKey] = (), context: Sequence[Span] = ()
) -> dict[SpanKey, Settled]:
    """The spans that are not stored as they should be, with how they should.

    ``spans`` are whole traces. In the ``repeating`` ones calls may be recorded twice, and ``context`` are the
    other traces, whole too, that have such a call's response id.
    """
    values = inherited_values(spans)
    twins = duplicates_in(spans, context, repeating) if repeating else {}
    wanted = {}
    for span in (*spans, *context):
        decision = Settled(
            values.get(span.key, span.stored.values), twins.get(span.key, span.stored.duplicate_of)
        )
        if changes(span, decision):
            wanted[span.key] = decision
    return wanted


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


def changes(span: Span, decision: Settled) -> bool:
    """True when the decision differs from what is stored. What a span was sent with never changes."""
    if decision.duplicate_of != span.stored.duplicate_of:
        return True
    stored = zip(FIELDS, decision.values, span.stored.values, strict=True)
    return any(value != old for field, value, old in stored if not span.own & field.bit)
