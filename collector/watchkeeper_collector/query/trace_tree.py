"""One trace as a tree, part by part, however many spans it has.

The whole tree is laid out from a few narrow columns of every span; only the shown ones are read in full.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.measures import CALLS, COUNTED
from watchkeeper_collector.query.neighbours import find_neighbours
from watchkeeper_collector.query.rows import render_summary, summary_columns
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.span_tree import Node, Tree, build_tree
from watchkeeper_collector.query.times import LATEST_NS, render_time
from watchkeeper_collector.query.trace import find_bounds
from watchkeeper_collector.query.trace_summary import Bounds, summarise, within

MOST_DEPTH = 100

OUTLINE = f"""SELECT
    SpanId,
    any(ParentSpanId),
    min(toUnixTimestamp64Nano(Timestamp)) AS start,
    any(Duration),
    countIf({CALLS}),
    countIf({COUNTED} AND IsError),
    countIf({CALLS} AND CostSource = 'unpriced'),
    sumIf(InputTokens, {CALLS}),
    sumIf(OutputTokens, {CALLS}),
    sumIf(CostUsd, {CALLS})
FROM {{database}}.spans
WHERE {{conditions}}
GROUP BY SpanId
ORDER BY start, SpanId"""

SHOWN = """SELECT
    {columns}
FROM {database}.spans
WHERE {conditions}
    AND SpanId IN {shown}
LIMIT 1 BY SpanId"""


@dataclass(frozen=True, slots=True)
class Branch:
    """What is asked of a tree: the spans below ``parent`` (empty: from the roots on), so many levels deep."""

    parent: str
    depth: int
    limit: int
    cursor: str = ""


def get_tree(source: Source, project: str, trace_id: str, branch: Branch) -> dict[str, Any]:
    """The trace's figures with a page of the branch. Raises ``NotFoundError``."""
    bounds = find_bounds(source, project, trace_id)
    figures = summarise(source, project, [bounds])
    if not figures:
        raise NotFoundError(f"There is no trace '{trace_id[:64]}' in this project.")
    tree = build_tree(_load_outline(source, project, bounds))
    if branch.parent and branch.parent not in tree.nodes:
        raise NotFoundError(f"There is no span '{branch.parent[:64]}' in the trace '{trace_id[:64]}'.")
    place = read_cursor(branch.cursor, (str,))
    page = tree.page(branch.parent, branch.depth, branch.limit + 1, after=str(place[0]) if place else "")
    shown, more = page[: branch.limit], len(page) > branch.limit
    rows = _load_shown(source, project, bounds, [node.span_id for _, node in shown])
    return figures[0] | {
        "parent": branch.parent or "roots",
        "spans": [_render(rows[node.span_id], node, depth, tree) for depth, node in shown],
        "next_cursor": render_cursor((shown[-1][1].span_id,)) if more else None,
        "neighbours": find_neighbours(source, project, bounds, figures[0]["sessions"]),
    }


def _load_outline(source: Source, project: str, bounds: Bounds) -> list[Node]:
    bindings = Bindings()
    conditions = "\n    AND ".join(within(project, [bounds], bindings))
    sql = OUTLINE.replace("{database}", source.database).replace("{conditions}", conditions)
    return [Node(*row) for row in source.query(sql, bindings).rows]


def _load_shown(
    source: Source, project: str, bounds: Bounds, span_ids: Sequence[str]
) -> dict[str, Mapping[str, Any]]:
    if not span_ids:
        return {}
    bindings = Bindings()
    sql = (
        SHOWN.replace("{columns}", ",\n    ".join(summary_columns()))
        .replace("{database}", source.database)
        .replace("{conditions}", "\n    AND ".join(within(project, [bounds], bindings)))
        .replace("{shown}", bindings.bind(list(span_ids), "Array(String)"))
    )
    return {row["span_id"]: row for row in source.query(sql, bindings).dicts()}


def _render(row: Mapping[str, Any], node: Node, depth: int, tree: Tree) -> dict[str, Any]:
    total = tree.totals[node.span_id]
    return render_summary(row) | {
        "depth": depth,
        "child_count": len(tree.children.get(node.span_id, ())),
        "is_orphan": bool(node.parent_id) and node.parent_id not in tree.nodes,
        "is_on_critical_path": node.span_id in tree.critical_path,
        "subtree": {
            "span_count": total.span_count,
            "call_count": total.call_count,
            "error_count": total.error_count,
            "unpriced_call_count": total.unpriced_call_count,
            "input_tokens": total.input_tokens,
            "output_tokens": total.output_tokens,
            "cost_usd": total.cost_usd,
            "end": render_time(min(total.end_ns, LATEST_NS)),
        },
    }
