"""The tree of a trace's spans."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.query.span_tree import Node, Tree, build_tree


def node(span_id: str, parent_id: str = "", start: int = 0, duration: int = 10, **own: float) -> Node:
    return Node(span_id, parent_id, start, duration, **own)  # type: ignore[arg-type]


def ids(
    tree: Tree, parent: str = "", depth: int = 9, limit: int = 99, after: str = ""
) -> list[tuple[int, str]]:
    return [(level, found.span_id) for level, found in tree.page(parent, depth, limit, after=after)]


FAMILY = (
    node("root", duration=100),
    node("a", "root", 10, 20),
    node("a1", "a", 12, 5, cost_usd=0.5, call_count=1),
    node("b", "root", 40, 50, error_count=1),
    node("b1", "b", 45, 10, cost_usd=0.25, call_count=1, input_tokens=3),
    node("b2", "b", 60, 25, input_tokens=4),
)


def test_each_span_comes_before_those_below_it() -> None:
    tree = build_tree(FAMILY)
    assert ids(tree) == [(0, "root"), (1, "a"), (2, "a1"), (1, "b"), (2, "b1"), (2, "b2")]


def test_a_branch_is_as_deep_as_asked() -> None:
    tree = build_tree(FAMILY)
    assert ids(tree, depth=2) == [(0, "root"), (1, "a"), (1, "b")]
    assert ids(tree, "b") == [(0, "b1"), (0, "b2")]


def test_pages_follow_each_other_without_a_gap() -> None:
    tree = build_tree(FAMILY)
    first = ids(tree, limit=2)
    assert first + ids(tree, after=first[-1][1]) == ids(tree)


def test_totals_are_of_the_whole_subtree_and_unknown_is_not_zero() -> None:
    totals = build_tree(FAMILY).totals
    root = totals["root"]
    assert (root.span_count, root.call_count, root.error_count) == (6, 2, 1)
    assert (root.cost_usd, root.input_tokens, root.output_tokens) == (0.75, 7, None)
    assert (totals["b2"].cost_usd, totals["b"].cost_usd) == (None, 0.25)


def test_a_child_that_outlives_its_parent_ends_the_subtree() -> None:
    tree = build_tree([node("root", duration=10), node("late", "root", 5, 100)])
    assert tree.totals["root"].end_ns == 105


def test_a_span_whose_parent_never_came_is_a_root() -> None:
    tree = build_tree([node("a", start=1), node("orphan", "gone", start=2)])
    assert ids(tree) == [(0, "a"), (0, "orphan")]


def test_spans_that_are_each_others_parents_are_shown_once() -> None:
    tree = build_tree([node("a", "c"), node("b", "a", 1), node("c", "b", 2), node("self", "self", 3)])
    assert ids(tree) == [(0, "a"), (1, "b"), (2, "c"), (0, "self")]


def test_the_critical_path_is_what_the_end_waited_for() -> None:
    assert build_tree(FAMILY).critical_path == {"root", "a", "a1", "b", "b1", "b2"}
    aside = build_tree(
        [node("root", duration=100), node("slow", "root", 0, 90), node("quick", "root", 5, 20)]
    )
    assert aside.critical_path == {"root", "slow"}


def test_the_critical_path_follows_work_that_goes_on_behind_the_parent() -> None:
    tree = build_tree([node("root", duration=50), node("streamed", "root", 20, 100)])
    assert "streamed" in tree.critical_path


def test_a_trace_without_spans_has_an_empty_tree() -> None:
    assert ids(build_tree([])) == []


@given(st.lists(st.integers(0, 30), max_size=30))
def test_every_span_is_in_the_tree_once_whoever_its_parent_is(parents: list[int]) -> None:
    nodes = [node(str(place), str(parent), place) for place, parent in enumerate(parents)]
    tree = build_tree(nodes)
    shown = [span_id for _, span_id in ids(tree, depth=99)]
    assert sorted(shown) == sorted(found.span_id for found in nodes)
    roots = tree.children.get("", ())
    assert sum(tree.totals[root.span_id].span_count for root in roots) == len(nodes)


@pytest.mark.parametrize("depth", [1, 3, 50])
def test_a_deep_chain_is_no_problem(depth: int) -> None:
    chain = [node(str(place), str(place - 1) if place else "", place) for place in range(5_000)]
    assert len(ids(build_tree(chain), depth=depth)) == depth
