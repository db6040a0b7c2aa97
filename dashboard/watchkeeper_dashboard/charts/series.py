"""Measures over time: as lines, as stacks, and with the window before behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.charts.canvas import (
    HEIGHT_PX,
    MUTED,
    Scale,
    build_canvas,
    choose_scale,
    local,
    scale_axis,
)
from watchkeeper_dashboard.theme import OTHER, Palette

Row = Mapping[str, Any]
EMPTY_NAME = "(none)"
OTHERS_NAME = "other"
LEGEND_CHARS = 26
DAY_MS = 86_400_000
TICKS = [
    {"dtickrange": [None, 1000], "value": "%H:%M:%S.%L"},
    {"dtickrange": [1000, 60_000], "value": "%H:%M:%S"},
    {"dtickrange": [60_000, DAY_MS], "value": "%H:%M\n%b %-d"},
    {"dtickrange": [DAY_MS, None], "value": "%b %-d\n%Y"},
]


@dataclass(frozen=True, slots=True)
class Line:
    """One series. ``is_behind``: drawn pale and dashed, as what it is compared with."""

    name: str
    values: Sequence[float | None]
    colour: str
    is_behind: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """Lines over the same times. ``unit`` is the API's."""

    times: Sequence[str]
    lines: Sequence[Line]
    unit: str


def read_measures(
    rows: Sequence[Row], names: Mapping[str, str], unit: str, palette: Mapping[str, str]
) -> Series:
    """Several measures of rows without dimensions; ``names`` are what the measures are called."""
    lines = [Line(name, [row[measure] for row in rows], palette[measure]) for measure, name in names.items()]
    return Series([row["time"] for row in rows], lines, unit)


def read_groups(rows: Sequence[Row], dimension: str, measure: str, unit: str, palette: Palette) -> Series:
    """One measure of rows that are split by a dimension, in the order in which the groups come."""
    times = sorted({row["time"] for row in rows})
    groups: dict[str | None, dict[str, float | None]] = {}
    for row in rows:
        groups.setdefault(row[dimension], {})[row["time"]] = row[measure]
    lines = [
        Line(
            name_of(value),
            [points.get(time) for time in times],
            OTHER if value is None else palette.colour(value),
        )
        for value, points in sorted(groups.items(), key=lambda group: group[0] is None)
    ]
    return Series(times, lines, unit)


def name_of(value: str | None) -> str:
    """What a group is called: the API says null for all other groups, and empty for spans without a value."""
    return OTHERS_NAME if value is None else value or EMPTY_NAME


def build_lines(series: Series, zone: ZoneInfo, height_px: int = HEIGHT_PX) -> go.Figure:
    """Each line by itself: for rates, quantiles, and what does not add up."""
    figure, scale, times = _begin(series, zone, height_px)
    for line in series.lines:
        dashes = {"dash": "dot", "width": 1.4} if line.is_behind else {"width": 2}
        figure.add_trace(
            go.Scatter(
                x=times,
                y=_scaled(line, scale),
                mode="lines+markers" if len(times) == 1 else "lines",
                line={"color": MUTED if line.is_behind else line.colour, "shape": "linear", **dashes},
                connectgaps=False,
                **_labels(line, series.unit),
            )
        )
    return figure


def build_stack(series: Series, zone: ZoneInfo, height_px: int = HEIGHT_PX) -> go.Figure:
    """Bars on each other: for counts and sums of groups."""
    figure, scale, times = _begin(series, zone, height_px)
    figure.update_layout(barmode="stack", bargap=0.08)
    for line in series.lines:
        figure.add_trace(
            go.Bar(
                x=times,
                y=_scaled(line, scale),
                marker={"color": line.colour, "line": {"width": 0}},
                **_labels(line, series.unit),
            )
        )
    return figure


def _begin(series: Series, zone: ZoneInfo, height_px: int) -> tuple[go.Figure, Scale, list[Any]]:
    figure = build_canvas(height_px, has_legend=len(series.lines) > 1)
    scale = choose_scale(series.unit, [value for line in series.lines for value in line.values])
    scale_axis(figure, scale)
    figure.update_xaxes(hoverformat="%b %-d, %H:%M", tickformatstops=TICKS)
    return figure, scale, local(series.times, zone)


def _scaled(line: Line, scale: Scale) -> list[float | None]:
    return [None if value is None else value * scale.factor for value in line.values]


def _labels(line: Line, unit: str) -> dict[str, Any]:
    name = plain.figure(line.name, LEGEND_CHARS)
    texts = [units.render(value, unit) for value in line.values]
    return {"name": name, "customdata": texts, "hovertemplate": f"%{{customdata}}  {name}<extra></extra>"}
