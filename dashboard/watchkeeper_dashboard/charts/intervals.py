"""Measures of two releases: each change with its interval, against what is tolerated."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from watchkeeper_dashboard import plain
from watchkeeper_dashboard.charts.canvas import MUTED, build_canvas
from watchkeeper_dashboard.theme import BAD, GOOD, OTHER, WARNING
from watchkeeper_dashboard.units import THIN, TIMES

Measure = Mapping[str, Any]
COLOURS = {"pass": GOOD, "warn": WARNING, "fail": BAD}
ROW_PX = 30
NAME_CHARS = 24
FURTHEST = 4.0
"""In tolerances: what lies beyond is drawn at the rim."""


def build_intervals(measures: Sequence[Measure]) -> go.Figure:
    """A row for each measure, in units of its tolerance: right of the line at 1 it is worse than allowed."""
    figure = build_canvas(max(len(measures), 2) * ROW_PX + 54)
    for place, one in enumerate(measures):
        _add_row(figure, place, one)
    for at, dash in ((0, "solid"), (1, "dash")):
        figure.add_vline(
            x=at, line={"color": BAD if at else MUTED, "width": 1.2, "dash": dash}, layer="below"
        )
    for at, words, anchor in ((0, "no change", "right"), (1, "tolerance", "left")):
        figure.add_annotation(
            x=at,
            y=1,
            yref="paper",
            yanchor="bottom",
            xanchor=anchor,
            showarrow=False,
            text=words,
            font={"size": 10, "color": MUTED},
        )
    figure.update_layout(hovermode="closest", margin={"l": 8, "r": 12, "t": 22, "b": 8})
    figure.update_xaxes(range=[-FURTHEST - 0.2, FURTHEST + 0.2], ticksuffix=f"{THIN}{TIMES}", nticks=9)
    figure.update_yaxes(
        range=[len(measures) - 0.5, -0.5],
        tickvals=list(range(len(measures))),
        ticktext=[plain.figure(one["measure"].replace("_", " "), NAME_CHARS) for one in measures],
    )
    return figure


def _add_row(figure: go.Figure, place: int, one: Measure) -> None:
    places = [_at(one[name], one["tolerance"]) for name in ("low", "change", "high")]
    low, change, high = places
    if low is None or change is None or high is None:
        return
    text = plain.figure(one["reason"], 200)
    colour = COLOURS.get(one["verdict"], OTHER)
    shared = {"showlegend": False, "hovertemplate": f"{text}<extra></extra>"}
    figure.add_trace(
        go.Scatter(x=[low, high], y=[place] * 2, mode="lines", line={"width": 5, "color": colour}, **shared)
    )
    figure.add_trace(
        go.Scatter(x=[change], y=[place], mode="markers", marker={"size": 11, "color": colour}, **shared)
    )


def _at(change: float | None, tolerance: float) -> float | None:
    return None if change is None else min(max(change / tolerance, -FURTHEST), FURTHEST)
