"""Where the calls of each moment lie: a heat map over time and size."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from watchkeeper_dashboard import units
from watchkeeper_dashboard.charts.canvas import HEIGHT_PX, build_canvas, local

MOST_TICKS = 8
FEW_SHARE = 0.005


def build_heat(
    histogram: Mapping[str, Any], zone: ZoneInfo, colours: Sequence[str], height_px: int = HEIGHT_PX
) -> go.Figure:
    """``histogram`` is the API's: ``counts[i][j]`` calls from ``times[i]`` on lie from ``bounds[j]`` on.

    Sizes lie on a logarithmic scale, and so do the colours: one slow call among thousands is seen.
    """
    unit = histogram["unit"]
    bounds, rows = _gather_least(histogram["bounds"], list(zip(*histogram["counts"], strict=True)))
    figure = build_canvas(height_px)
    figure.add_trace(
        go.Heatmap(
            x=local(histogram["times"], zone),
            y=list(range(len(rows))),
            z=[[_depth(count) for count in row] for row in rows],
            customdata=[
                [f"{units.count(count)} calls of {_between(bounds, place, unit)}" for count in row]
                for place, row in enumerate(rows)
            ],
            hovertemplate="%{x|%b %-d, %H:%M}<br>%{customdata}<extra></extra>",
            hoverongaps=False,
            colorscale=[[place / (len(colours) - 1), colour] for place, colour in enumerate(colours)],
            showscale=False,
            xgap=1,
            ygap=1,
        )
    )
    every = max(1, len(bounds) // MOST_TICKS)
    places = range(0, len(bounds), every)
    figure.update_layout(hovermode="closest")
    figure.update_yaxes(
        tickvals=[place - 0.5 for place in places],
        ticktext=[units.render(bounds[place], unit) for place in places],
        showgrid=False,
    )
    return figure


def _gather_least(
    bounds: Sequence[float], rows: Sequence[Sequence[int]]
) -> tuple[Sequence[float], Sequence[Sequence[int]]]:
    """A few calls that took next to nothing would need most of the height: they share the lowest row."""
    few = sum(map(sum, rows)) * FEW_SHARE
    totals = list(accumulate(sum(row) for row in rows))
    first = next((place for place, total in enumerate(totals) if total > few), 0)
    lowest = [sum(column) for column in zip(*rows[: first + 1], strict=True)]
    return [bounds[0], *bounds[first + 1 :]], [lowest, *rows[first + 1 :]]


def _depth(count: int) -> float | None:
    """Logarithmic, in bits; nothing where no call is."""
    return None if not count else float(count.bit_length()) + count / (1 << count.bit_length())


def _between(bounds: Sequence[float], place: int, unit: str) -> str:
    return f"{units.render(bounds[place], unit)} to {units.render(bounds[place + 1], unit)}"
