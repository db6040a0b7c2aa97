"""Vertical marks on a line of time: a release that was first seen, a provider that changed something."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from watchkeeper_dashboard import plain
from watchkeeper_dashboard.charts.canvas import MUTED, local

MOST_MARKS = 30
MOST_LABELS = 8
LABEL_CHARS = 14


@dataclass(frozen=True, slots=True)
class Mark:
    """``name`` stands beside the line where there is room, ``text`` appears over its foot."""

    time: str
    name: str
    text: str = ""


def mark(figure: go.Figure, marks: Sequence[Mark], zone: ZoneInfo) -> go.Figure:
    """The figure with its marks, the newest of very many."""
    shown = sorted(marks, key=lambda each: each.time)[-MOST_MARKS:]
    for each, moment in zip(shown, local([each.time for each in shown], zone), strict=True):
        figure.add_shape(
            type="line",
            x0=moment,
            x1=moment,
            y0=0,
            y1=1,
            yref="paper",
            line={"color": MUTED, "width": 1.4, "dash": "dot"},
        )
        figure.add_annotation(
            x=moment,
            y=1,
            yref="paper",
            yanchor="top",
            xanchor="left",
            showarrow=False,
            text=plain.figure(each.name, LABEL_CHARS) if len(shown) <= MOST_LABELS else "▾",
            hovertext=plain.figure(each.text or each.name, 200),
            font={"size": 10, "color": MUTED},
        )
    return figure
