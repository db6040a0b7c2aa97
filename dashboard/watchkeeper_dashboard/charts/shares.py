"""How a whole is made up: horizontal bars and a treemap."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.charts.canvas import build_canvas, choose_scale, scale_axis
from watchkeeper_dashboard.theme import OTHER

ROW_PX = 30
NAME_CHARS = 30


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the whole. ``of`` is the part that it belongs to; empty: it stands by itself."""

    name: str
    value: float | None
    colour: str
    of: str = ""


def build_bars(shares: Sequence[Share], unit: str) -> go.Figure:
    """The greatest on top, with the values beside the bars."""
    figure = build_canvas(max(len(shares), 2) * ROW_PX + 20)
    scale = choose_scale(unit, [share.value for share in shares])
    names = [plain.figure(share.name, NAME_CHARS) for share in shares]
    figure.add_trace(
        go.Bar(
            x=[(share.value or 0) * scale.factor for share in shares],
            y=list(range(len(shares))),
            orientation="h",
            marker={"color": [share.colour for share in shares], "cornerradius": 3},
            text=[units.render(share.value, unit) for share in shares],
            textposition="outside",
            cliponaxis=False,
            textfont={"size": 11},
            customdata=[plain.figure(share.name, 200) for share in shares],
            hovertemplate="%{customdata}: %{text}<extra></extra>",
        )
    )
    figure.update_layout(hovermode="closest", bargap=0.35, margin={"l": 8, "r": 70, "t": 4, "b": 4})
    figure.update_yaxes(
        autorange="reversed",
        tickvals=list(range(len(shares))),
        ticktext=names,
        showgrid=False,
        rangemode="normal",
    )
    scale_axis(figure, scale, "x")
    figure.update_xaxes(showticklabels=False, showgrid=False)
    return figure


def build_treemap(shares: Sequence[Share], unit: str, height_px: int) -> go.Figure:
    """Two levels: what belongs together lies together. Values of parents are the sums of their children."""
    figure = build_canvas(height_px)
    parents = list(dict.fromkeys(share.of for share in shares))
    totals = {parent: sum(share.value or 0 for share in shares if share.of == parent) for parent in parents}
    ids = [f"p{place}" for place in range(len(parents))] + [f"s{place}" for place in range(len(shares))]
    values = [*totals.values(), *(share.value or 0 for share in shares)]
    figure.add_trace(
        go.Treemap(
            ids=ids,
            labels=[plain.figure(name, NAME_CHARS) for name in (*parents, *(share.name for share in shares))],
            parents=[""] * len(parents) + [f"p{parents.index(share.of)}" for share in shares],
            values=values,
            branchvalues="total",
            customdata=[units.render(value, unit) for value in values],
            marker={
                "colors": ["rgba(127,135,155,0.16)"] * len(parents)
                + [share.colour or OTHER for share in shares],
                "cornerradius": 4,
                "pad": {"t": 22, "l": 3, "r": 3, "b": 3},
                "line": {"width": 0},
            },
            texttemplate="%{label}<br>%{customdata}",
            hovertemplate="%{label}<br>%{customdata} · %{percentRoot:.1%}<extra></extra>",
            tiling={"pad": 3, "packing": "squarify"},
            pathbar={"visible": False},
            root={"color": "rgba(0,0,0,0)"},
            maxdepth=3,
        )
    )
    figure.update_layout(
        hovermode="closest",
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        uniformtext={"minsize": 10, "mode": "hide"},
    )
    return figure
