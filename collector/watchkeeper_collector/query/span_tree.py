"""The tree of a trace's spans: who is below whom, what subtrees add up to, what the trace waited for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Node:
    """A span, as far as the tree needs it. Counts and amounts are its own: null is unknown."""

    span_id: str
    parent_id: str
    start_ns: int
    duration_ns: int
    call_count: int = 0
    error_count: int = 0
    unpriced_call_count: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None

    @property
    def end_ns(self) -> int:
        return self.start_ns + self.duration_ns


@dataclass(slots=True)
class Total:
    """What a span and all below it add up to."""

    end_ns: int
    span_count: int = 0
    call_count: int = 0
    error_count: int = 0
    unpriced_call_count: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None

    def add(self, other: "Node | Total") -> None:
        self.end_ns = max(self.end_ns, other.end_ns)
        self.call_count += other.call_count
        self.error_count += other.error_count
        self.unpriced_call_count += other.unpriced_call_count
        self.input_tokens = _plus(self.input_tokens, other.input_tokens)
        self.output_tokens = _plus(self.output_tokens, other.output_tokens)
        self.cost_usd = _plus(self.cost_usd, other.cost_usd)


@dataclass(frozen=True, slots=True)
class Tree:
    """``children`` are by the id of the span above, in the order of their start; of the roots it is empty."""

    nodes: Mapping[str, Node]
    children: Mapping[str, Sequence[Node]]
    totals: Mapping[str, Total]
    critical_path: frozenset[str] = field(default=frozenset())

    def page(self, parent_id: str, depth: int, limit: int, *, after: str = "") -> list[tuple[int, Node]]:
        """So many spans below one, with their depth, each before those below it; from behind a span on."""
        found = self._below(parent_id, depth)
        if after:
            for _, node in found:
                if node.span_id == after:
                    break
        return list(islice(found, limit))

    def _below(self, parent_id: str, levels: int) -> Iterator[tuple[int, Node]]:
        waiting = [(0, node) for node in reversed(self.children.get(parent_id, ()))]
        while waiting:
            depth, node = waiting.pop()
            yield depth, node
            if depth + 1 < levels:
                waiting += [(depth + 1, child) for child in reversed(self.children.get(node.span_id, ()))]


def build_tree(nodes: Sequence[Node]) -> Tree:
    """The tree of spans in the order of their start, each with an id of its own.

    A span whose parent never came is a root. So is the first of spans that are each other's parents.
    """
    by_id = {node.span_id: node for node in nodes}
    children: dict[str, list[Node]] = {}
    for node in nodes:
        parent_id = node.parent_id if node.parent_id in by_id else ""
        children.setdefault(parent_id, []).append(node)
    order = _reached(children)
    if len(order) < len(nodes):
        _break_circles(nodes, children, {node.span_id for node in order})
        order = _reached(children)
    return Tree(by_id, children, _totals(order, children), _critical_path(children))


def _reached(children: Mapping[str, Sequence[Node]]) -> list[Node]:
    """All spans below the roots, each after the one above it."""
    order = list(children.get("", ()))
    for node in order:  # the list grows while it is read
        order += children.get(node.span_id, ())
    return order


def _break_circles(nodes: Sequence[Node], children: dict[str, list[Node]], reached: set[str]) -> None:
    """Make a root of the first span of each circle."""
    for node in nodes:
        if node.span_id in reached:
            continue
        children[node.parent_id].remove(node)
        children.setdefault("", []).append(node)
        below = [node]
        for found in below:
            reached.add(found.span_id)
            below += children.get(found.span_id, ())


def _totals(order: Sequence[Node], children: Mapping[str, Sequence[Node]]) -> dict[str, Total]:
    totals: dict[str, Total] = {}
    for node in reversed(order):
        total = totals[node.span_id] = Total(node.end_ns, span_count=1)
        total.add(node)
        for child in children.get(node.span_id, ()):
            total.add(totals[child.span_id])
            total.span_count += totals[child.span_id].span_count
    return totals


def _critical_path(children: Mapping[str, Sequence[Node]]) -> frozenset[str]:
    """The spans that the end of the longest root waited for.

    Seen from a span's end backwards: it waited for the child that ended last, before that one's start for
    the child that had ended last by then, and so on; and each of these children for its own in the same way.
    """
    roots = children.get("", ())
    if not roots:
        return frozenset()
    longest = max(roots, key=lambda node: node.end_ns - node.start_ns)
    found = {longest.span_id}
    waiting = [(longest, longest.end_ns)]
    while waiting:
        node, until_ns = waiting.pop()
        for child in sorted(children.get(node.span_id, ()), key=lambda child: child.end_ns, reverse=True):
            end_ns = min(child.end_ns, node.end_ns)
            if end_ns <= until_ns and child.start_ns < until_ns:
                found.add(child.span_id)
                waiting.append((child, end_ns))
                until_ns = max(child.start_ns, node.start_ns)
    return frozenset(found)


def _plus(one: N | None, other: N | None) -> N | None:
    if one is None:
        return other
    return one if other is None else one + other
