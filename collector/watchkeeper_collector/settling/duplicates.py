"""Counted once: of the spans that are the same call, which one counts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from watchkeeper_collector.settling.spans import Span, SpanKey
from watchkeeper_collector.settling.twins import Pair, calls_of, pairs_by_id, pairs_within_trace

Group = list[Span]


def call_groups(traces: Mapping[str, Sequence[Span]]) -> list[Group]:
    """The calls in one project's traces, the spans of each together. Most groups have one member."""
    calls = calls_of(span for spans in traces.values() for span in spans)
    by_trace = defaultdict(list)
    for span in calls:
        by_trace[span.trace_id].append(span)
    pairs = list(pairs_by_id(calls))
    for trace_id, of_trace in by_trace.items():
        if len(of_trace) > 1:
            pairs.extend(pairs_within_trace(traces[trace_id], of_trace))
    return joined(calls, pairs)


def joined(calls: Iterable[Span], pairs: Iterable[Pair]) -> list[Group]:
    """Whatever is connected through pairs is one group."""
    groups = {span.key: [span] for span in calls}
    for first, second in pairs:
        small, large = sorted((groups[first.key], groups[second.key]), key=len)
        if small is not large:
            large.extend(small)
            groups.update((span.key, large) for span in small)
    return list({id(group): group for group in groups.values()}.values())


def counted(group: Group) -> Span:
    """The span that counts: with tokens, knowing most, with a response id, the outermost, the earliest."""
    keys = {span.key for span in group}

    def rank(span: Span) -> tuple[bool, int, bool, bool, int, int, SpanKey]:
        call = span.call
        is_inner = (span.project, span.trace_id, span.parent_id) in keys
        has_no_id = not call.response_id
        return (
            not call.has_tokens, -call.facts, has_no_id, is_inner, span.start_ns, -span.end_ns, span.key,
        )  # fmt: skip

    return min(group, key=rank)


def duplicates(groups: Iterable[Group]) -> dict[SpanKey, str]:
    """For every call of the groups, the id of the span that counts for it; empty where it counts itself."""
    found: dict[SpanKey, str] = {}
    for group in groups:
        winner = counted(group)
        found.update((span.key, "" if span.key == winner.key else winner.span_id) for span in group)
    return found
