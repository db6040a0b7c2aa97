"""What all charts share: margins, axes, legends, and how the numbers of a unit stand on an axis."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from watchkeeper_dashboard.units import read_time

HEIGHT_PX = 280
GRID = "rgba(127, 135, 155, 0.18)"
MUTED = "rgba(127, 135, 155, 0.9)"
MARGIN = {"l": 8, "r": 12, "t": 8, "b": 8}
CONFIG = {"displayModeBar": False, "scrollZoom": False, "responsive": True}
"""How Plotly behaves in the browser."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How a unit's numbers are drawn: times the factor, with that before and after each tick."""

    factor: float = 1.0
    prefix: str = ""
    suffix: str = ""
    tick_format: str = "~s"


def choose_scale(unit: str, values: Iterable[float | None]) -> Scale:
    """The scale that suits the greatest of the values."""
    greatest = max((abs(value) for value in values if value is not None), default=0.0)
    match unit:
        case "usd":
            return Scale(prefix="$", tick_format=",~r" if greatest < 1000 else "~s")
        case "ratio":
            return Scale(factor=100, suffix="\u202f%", tick_format="~r")
        case "ms" if greatest >= 120_000:
            return Scale(factor=1 / 60_000, suffix="\u202fmin", tick_format="~r")
        case "ms" if greatest >= 1000:
            return Scale(factor=1 / 1000, suffix="\u202fs", tick_format="~r")
        case "ms":
            return Scale(suffix="\u202fms", tick_format="~r")
        case _:
            return Scale()


def build_canvas(height_px: int = HEIGHT_PX, *, has_legend: bool = False) -> go.Figure:
    """An empty figure. It keeps what the reader zoomed to when its data is renewed."""
    figure = go.Figure()
    figure.update_layout(
        height=height_px,
        margin=MARGIN,
        hovermode="x unified",
        hoverlabel={"namelength": -1, "align": "left"},
        showlegend=has_legend,
        legend={
            "orientation": "h",
            "traceorder": "normal",
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
            "x": 0,
            "font": {"size": 11},
            "itemsizing": "constant",
        },
        uirevision="kept",
        bargap=0.12,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    axis = {"gridcolor": GRID, "zeroline": False, "automargin": True, "title": None, "tickfont": {"size": 11}}
    figure.update_xaxes(**axis, showgrid=False)
    figure.update_yaxes(**axis)
    return figure


def scale_axis(figure: go.Figure, scale: Scale, axis: str = "y") -> None:
    """Ticks in the scale's form, from zero on."""
    update = figure.update_yaxes if axis == "y" else figure.update_xaxes
    update(
        tickprefix=scale.prefix,
        ticksuffix=scale.suffix,
        tickformat=scale.tick_format,
        rangemode="tozero",
        nticks=6,
    )


def local(times: Iterable[str], zone: ZoneInfo) -> list[datetime]:
    """The API's times as the viewer's clock shows them: an axis knows no zones."""
    return [read_time(text).astimezone(zone).replace(tzinfo=None) for text in times]
