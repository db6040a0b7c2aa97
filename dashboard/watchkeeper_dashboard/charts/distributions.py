"""A feature before and after: as shares of bars side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.charts.canvas import MUTED, build_canvas
from watchkeeper_dashboard.theme import ACCENT

HEIGHT_PX = 210
MOST_KINDS = 10
KIND_CHARS = 18
PERCENT = 100


def build_distribution(feature: Mapping[str, Any]) -> go.Figure | None:
    """What the API says of a feature; ``None`` where that is no distribution.

    Numbers are cut at the deciles of before: without a change all bars are equally high.
    """
    figures = feature["figures"]
    if "before_hits" in figures:
        sides = ("before", "after")
        hits = [figures[f"{side}_hits"] for side in sides]
        shares = [[hit, feature[f"{side}_units"] - hit] for side, hit in zip(sides, hits, strict=True)]
        return _bars(["yes", "no"], *shares)
    if "edges" in figures:
        return _bars(_ranges(figures["edges"]), figures["before_counts"], figures["after_counts"])
    if "kinds" in figures:
        most = slice(0, MOST_KINDS)
        return _bars(figures["kinds"][most], figures["before_counts"], figures["after_counts"])
    return None


def _bars(names: Sequence[str], before: Sequence[float], after: Sequence[float]) -> go.Figure | None:
    if not names or not sum(before) or not sum(after):
        return None
    figure = build_canvas(HEIGHT_PX, has_legend=True)
    for title, counts, colour in (("before", before, MUTED), ("after", after, ACCENT)):
        total = sum(counts)
        figure.add_trace(
            go.Bar(
                name=title,
                x=list(range(len(names))),
                y=[PERCENT * count / total for count in counts[: len(names)]],
                marker={"color": colour, "line": {"width": 0}},
                customdata=[units.count(count) for count in counts[: len(names)]],
                hovertemplate=f"{title}: %{{y:.1f}}\u202f%, %{{customdata}}<extra></extra>",
            )
        )
    figure.update_layout(barmode="group", bargap=0.25)
    figure.update_xaxes(
        tickvals=list(range(len(names))), ticktext=[plain.figure(name, KIND_CHARS) for name in names]
    )
    figure.update_yaxes(ticksuffix="\u202f%", rangemode="tozero", nticks=5)
    return figure


def _ranges(edges: Sequence[float]) -> list[str]:
    """A bar holds what is greater than the edge before it, up to its own."""
    if not edges:
        return []
    shown = [units.count(edge) if abs(edge) >= 1 else f"{edge:.3g}" for edge in edges]
    between = [f"≤ {high}" for high in shown]
    return [*between, f"> {shown[-1]}"]
