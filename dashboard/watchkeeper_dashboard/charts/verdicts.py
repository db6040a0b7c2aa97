"""Verdicts on drift: a heat map of features over time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from watchkeeper_dashboard import plain
from watchkeeper_dashboard.charts.canvas import build_canvas
from watchkeeper_dashboard.theme import BAD, GOOD, WARNING
from watchkeeper_dashboard.units import read_time

Verdict = Mapping[str, Any]
RANKS = {"unknown": 0, "no": 1, "minor": 2, "major": 3}
COLOURS = ("rgba(127, 135, 155, 0.22)", f"{GOOD}66", WARNING, BAD)
ROW_PX = 21
NAME_CHARS = 22
MOST_COLUMNS = 800
WHOLE = "whole slice"


def build_verdicts(verdicts: Sequence[Verdict], zone: ZoneInfo) -> go.Figure:
    """``verdicts`` are on one slice, of windows of one length; a window that nobody checked is a gap.

    The whole slice is on top, below it the features that drifted most often.
    """
    by_start = {read_time(one["window_start"]): _cells(one) for one in verdicts}
    starts = _grid(verdicts)
    names = _order(list(by_start.values()))
    figure = build_canvas(len(names) * ROW_PX + 46)
    figure.add_trace(
        go.Heatmap(
            x=[start.astimezone(zone).replace(tzinfo=None) for start in starts],
            y=list(range(len(names))),
            z=[[_rank(by_start.get(start, {}).get(name)) for start in starts] for name in names],
            customdata=[[_words(by_start.get(start, {}).get(name)) for start in starts] for name in names],
            hovertemplate="%{x|%b %-d, %H:%M}<br>%{customdata}<extra></extra>",
            hoverongaps=False,
            colorscale=_steps(),
            zmin=0,
            zmax=len(COLOURS) - 1,
            showscale=False,
            xgap=1,
            ygap=1,
        )
    )
    figure.update_layout(hovermode="closest")
    figure.update_yaxes(
        range=[len(names) - 0.5, -0.5],
        tickvals=list(range(len(names))),
        ticktext=[plain.figure(name.replace("_", " "), NAME_CHARS) for name in names],
        showgrid=False,
    )
    return figure


def _cells(verdict: Verdict) -> dict[str, Verdict]:
    return {WHOLE: verdict} | {one["feature"]: one for one in verdict["features"]}


def _order(columns: Sequence[Mapping[str, Verdict]]) -> list[str]:
    """The whole slice, then what drifted in most windows, then the others by name."""
    drifts: dict[str, int] = {}
    for column in columns:
        for name, one in column.items():
            drifts[name] = drifts.get(name, 0) + max(RANKS.get(one["answer"], 0) - 1, 0)
    return [WHOLE, *sorted(drifts.keys() - {WHOLE}, key=lambda name: (-drifts[name], name))]


def _grid(verdicts: Sequence[Verdict]) -> list[datetime]:
    """Starts of all windows from the first to the last, also of those that were not checked."""
    starts = sorted({read_time(one["window_start"]) for one in verdicts})
    length = _length(verdicts[0])
    count = min(int((starts[-1] - starts[0]) / length) + 1, MOST_COLUMNS)
    return [starts[-1] - length * place for place in range(count)][::-1]


def _length(verdict: Verdict) -> timedelta:
    return read_time(verdict["window_end"]) - read_time(verdict["window_start"])


def _rank(verdict: Verdict | None) -> int | None:
    return None if verdict is None else RANKS.get(verdict["answer"], 0)


def _words(verdict: Verdict | None) -> str:
    return "" if verdict is None else plain.figure(verdict["reason"], 140)


def _steps() -> list[list[Any]]:
    """Each answer its own colour, without shades between."""
    width = 1 / len(COLOURS)
    return [
        [edge, colour]
        for place, colour in enumerate(COLOURS)
        for edge in (place * width, min((place + 1) * width, 1.0))
    ]
