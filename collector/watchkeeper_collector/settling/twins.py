"""Which spans are the same call to a model, pair by pair.

Two instrumentations that record one call give two spans. What shows it, strongest first:

- one response id, in spans that were open at the same time (the twin may lie in another trace). The time
  matters: caches, replays and servers with few ids to give answer different calls with one id;
- a call within a call that agrees with it, where no other call within it does;
- a failed call (it has no id) beside one of another instrumentation that was open all the while;
- the end of a stream that a tracer reports as a span of its own.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from watchkeeper_collector.settling.inheritance import nearest, parents_of
from watchkeeper_collector.settling.spans import Call, Span, SpanKey

Pair = tuple[Span, Span]

# One call is recorded by two or three instrumentations: an id that more spans have at one time is no id.
MOST_TWINS = 16
# How many siblings that are still open a failed call is compared with.
MOST_OPEN = 64

DATED = re.compile(r"[-@:.](\d{3,}|latest\b)")


def calls_of(spans: Iterable[Span]) -> list[Span]:
    """The spans that are calls, outer before inner, each span id once, whatever the order of arrival."""
    calls: dict[SpanKey, Span] = {}
    for span in spans:
        if span.call.kind:
            calls[span.key] = min(span, calls.get(span.key, span), key=repr) if span.key in calls else span
    return sorted(calls.values(), key=lambda span: (span.start_ns, -span.end_ns, span.key))


def pairs_by_id(calls: Iterable[Span]) -> Iterator[Pair]:
    """Spans of one project with one response id that were open at the same time. Calls come in order."""
    by_id = defaultdict(list)
    for span in calls:
        if span.call.response_id:
            by_id[span.call.response_id].append(span)
    for same_id in by_id.values():
        for together in open_together(same_id):
            if len(together) <= MOST_TWINS:
                yield from matching_pairs(together, may_be_one_response)


def pairs_within_trace(spans: Sequence[Span], calls: Sequence[Span]) -> Iterator[Pair]:
    """What the tree of one trace shows, ids apart."""
    yield from nested_pairs(spans, calls)
    yield from failed_siblings(calls)
    yield from stream_ends(calls)


def open_together(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """Cut spans, ordered by start, where none is open."""
    together: list[Span] = []
    until_ns = 0
    for span in spans:
        if together and span.start_ns > until_ns:
            yield together
            together = []
        until_ns = max(span.end_ns, until_ns) if together else span.end_ns
        together.append(span)
    if together:
        yield together


def matching_pairs(spans: Sequence[Span], match: Callable[[Span, Span], bool]) -> Iterator[Pair]:
    for position, first in enumerate(spans):
        for second in spans[position + 1 :]:
            if match(first, second):
                yield first, second


def nested_pairs(spans: Sequence[Span], calls: Sequence[Span]) -> Iterator[Pair]:
    inner: dict[str, list[Span]] = defaultdict(list)
    parents = parents_of(spans)
    by_id = {span.span_id: span for span in calls}
    above = nearest(parents, by_id)
    for span in calls:
        outer = above.get(parents[span.span_id])
        if outer is not None and outer.span_id != span.span_id:
            inner[outer.span_id].append(span)
    for outer_id, within in inner.items():
        agreeing = [span for span in within if may_be_one_call(by_id[outer_id], span)]
        if len(agreeing) == 1:
            yield by_id[outer_id], agreeing[0]


def failed_siblings(calls: Iterable[Span]) -> Iterator[Pair]:
    """One that failed as long as another instrumentation's was open, each with one partner at the most."""
    families = defaultdict(list)
    for span in calls:
        if span.parent_id and span.call.is_error and not span.call.response_id:
            families[span.parent_id].append(span)
    for family in families.values():
        waiting: list[Span] = []
        for span in family:
            waiting = [other for other in waiting if other.end_ns >= span.start_ns][-MOST_OPEN:]
            outer = next((other for other in waiting if failed_around(other, span)), None)
            if outer is not None:
                waiting.remove(outer)
                yield outer, span
            else:
                waiting.append(span)


def failed_around(outer: Span, inner: Span) -> bool:
    differs = outer.call.scope != inner.call.scope
    return differs and outer.end_ns >= inner.end_ns and may_be_one_call(outer, inner)


def stream_ends(calls: Sequence[Span]) -> Iterator[Pair]:
    """The log-like span with a stream's answer, and the call before it with the same request."""
    begun = defaultdict(list)
    for span in sorted(calls, key=lambda span: (span.start_ns, span.call.ends_stream, span.key)):
        call = span.call
        request = (span.parent_id, call.scope, call.kind, call.models, call.input_hash)
        if not call.ends_stream:
            if not call.has_tokens and not call.is_error:
                begun[request].append(span)
        elif begun[request]:
            yield begun[request].pop(), span


def may_be_one_response(one: Span, other: Span) -> bool:
    """True unless two spans with one response id contradict each other.

    One count may differ: some leave cached or reasoning tokens out, some count a stream's first token twice.
    """
    a, b = one.call, other.call
    differ = are_different(a.input_tokens, b.input_tokens) and are_different(a.output_tokens, b.output_tokens)
    return a.kind == b.kind and share_model(a, b) and not differ


def may_be_one_call(one: Span, other: Span) -> bool:
    """True when nothing that both spans know of their call differs."""
    a, b = one.call, other.call
    return (
        a.kind == b.kind
        and a.is_error == b.is_error
        and not (a.response_id and b.response_id and a.response_id != b.response_id)
        and not (a.error_status and b.error_status and a.error_status != b.error_status)
        and not are_different(a.input_tokens, b.input_tokens)
        and not are_different(a.output_tokens, b.output_tokens)
        and share_model(a, b)
    )


def are_different(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one != other


def share_model(one: Call, other: Call) -> bool:
    """True when a name of the one is a name of the other, or one of them names none."""
    if not one.models or not other.models:
        return True
    return any(is_same_model(a, b) for a in one.models for b in other.models)


def is_same_model(one: str, other: str) -> bool:
    """True for ``gpt-4o``, ``openai/gpt-4o`` and ``gpt-4o-2024-08-06``, false for ``gpt-4o-mini``."""
    short, long = sorted((name.lower().rpartition("/")[2] for name in (one, other)), key=len)
    return long == short or (long.startswith(short) and bool(DATED.match(long, len(short))))
