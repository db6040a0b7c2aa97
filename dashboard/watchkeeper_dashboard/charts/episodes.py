"""When alerts fired: as bars on a line of time, and as shades behind the chart of what they watch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from watchkeeper_dashboard import plain, urgency
from watchkeeper_dashboard.charts.canvas import build_canvas, local
from watchkeeper_dashboard.theme import BAD, WARNING
from watchkeeper_dashboard.urgency import urgency_of

Episode = Mapping[str, Any]
ROW_PX = 28
NAME_CHARS = 34
MOST_ROWS, MOST_SHADES = 25, 40
SHADE_OPACITY = 0.14


def build_timeline(episodes: Sequence[Episode], start: datetime, end: datetime, zone: ZoneInfo) -> go.Figure:
    """A row for each alert that fired, the one that fired last on top."""
    names = list(dict.fromkeys(_name(episode) for episode in episodes))[:MOST_ROWS]
    shown = [episode for episode in episodes if _name(episode) in names]
    figure = build_canvas(max(len(names), 2) * ROW_PX + 46)
    for episode in shown:
        first, last = _ends(episode, start, end, zone)
        text = plain.figure(f"{_name(episode)}: {_labels(episode)}", 200)
        figure.add_trace(
            go.Scatter(
                x=[first, last],
                y=[names.index(_name(episode))] * 2,
                mode="lines",
                line={"width": 13, "color": _colour(episode)},
                showlegend=False,
                hovertemplate=f"{text}<extra></extra>",
            )
        )
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(range=[moment.astimezone(zone).replace(tzinfo=None) for moment in (start, end)])
    figure.update_yaxes(
        range=[len(names) - 0.5, -0.5],
        tickvals=list(range(len(names))),
        ticktext=[plain.figure(name, NAME_CHARS) for name in names],
        showgrid=False,
    )
    return figure


def shade(
    figure: go.Figure, episodes: Sequence[Episode], start: datetime, end: datetime, zone: ZoneInfo
) -> go.Figure:
    """The figure with the times in which alerts on its measure fired."""
    for episode in episodes[:MOST_SHADES]:
        first, last = _ends(episode, start, end, zone)
        figure.add_vrect(
            x0=first, x1=last, fillcolor=_colour(episode), opacity=SHADE_OPACITY, line_width=0, layer="below"
        )
    return figure


def _ends(episode: Episode, start: datetime, end: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """In the viewer's zone, cut at the window."""
    given = [episode["started_at"], episode["ended_at"] or end.isoformat()]
    low, high = (moment.astimezone(zone).replace(tzinfo=None) for moment in (start, end))
    first, last = local(given, zone)
    return max(first, low), min(last, high)


def _name(episode: Episode) -> str:
    return str(episode["alert"])


def _labels(episode: Episode) -> str:
    return ", ".join(
        f"{name} {value}"
        for name, value in episode["labels"].items()
        if name not in ("alertname", "severity")
    )


def _colour(episode: Episode) -> str:
    return BAD if urgency_of(episode) <= urgency.ERROR else WARNING
