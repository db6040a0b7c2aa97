"""One trace as a waterfall: when each span ran, what it cost, which ones the trace waited for."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.charts.canvas import GRID, build_canvas, choose_scale, scale_axis
from watchkeeper_dashboard.theme import BAD, KINDS, OTHER

Span = Mapping[str, Any]
ROW_PX = 27
NAME_CHARS = 28
INDENT = "\u2002"
DEEPEST = 8
LABELS_SHARE = 0.34
WIDER = 1.8
"""Room for the text beside the last bar."""
SMALLEST_SHARE = 0.004
"""A span that took no time is still seen: as this share of the trace."""


def build_waterfall(spans: Sequence[Span], start_ns: int, duration_ms: float) -> go.Figure:
    """Spans in the order of the tree, with their ``offset_ms`` from the trace's start worked out from
    ``timestamp``. A click on a bar gives the span's id, the first of its custom data.
    """
    scale = choose_scale("ms", [duration_ms])
    figure = build_canvas(len(spans) * ROW_PX + 46)
    figure.add_trace(_critical_path(spans, start_ns, duration_ms, scale.factor))
    figure.add_trace(_bars(spans, start_ns, duration_ms, scale.factor))
    figure.update_layout(
        barmode="overlay", hovermode="closest", bargap=0.38, dragmode=False, clickmode="event+select"
    )
    figure.update_yaxes(range=[len(spans) - 0.5, -0.5], showticklabels=False, showgrid=False)
    figure.update_layout(annotations=[_label(span, place) for place, span in enumerate(spans)])
    scale_axis(figure, scale, "x")
    figure.update_xaxes(
        side="top",
        tickangle=0,
        nticks=5,
        showgrid=True,
        gridcolor=GRID,
        domain=[LABELS_SHARE, 1],
        range=[0, duration_ms * scale.factor * WIDER],
    )
    return figure


def offset_ms(span: Span, start_ns: int) -> float:
    """From the trace's start to the span's."""
    moment = units.read_time(span["timestamp"])
    return (moment.timestamp() * 1e9 - start_ns) / 1e6


def facts_of(span: Span) -> str:
    """What stands beside a span's bar."""
    tokens = (span["input_tokens"] or 0) + (span["output_tokens"] or 0)
    parts = [
        units.duration_ms(span["duration_ms"]),
        f"{units.count(tokens)} tok" if tokens else "",
        units.usd(span["cost_usd"]) if span["cost_usd"] is not None else "",
        "duplicate" if span["is_duplicate"] else "",
    ]
    return " · ".join(filter(None, parts))


def _bars(spans: Sequence[Span], start_ns: int, duration_ms: float, factor: float) -> go.Bar:
    smallest = duration_ms * SMALLEST_SHARE
    return go.Bar(
        base=[offset_ms(span, start_ns) * factor for span in spans],
        x=[max(span["duration_ms"], smallest) * factor for span in spans],
        y=list(range(len(spans))),
        orientation="h",
        marker={
            "color": [BAD if span["is_error"] else KINDS.get(span["kind"], OTHER) for span in spans],
            "opacity": [0.45 if span["is_duplicate"] else 1.0 for span in spans],
            "pattern": {
                "shape": ["/" if span["is_duplicate"] else "" for span in spans],
                "fillmode": "overlay",
            },
            "cornerradius": 3,
        },
        text=[plain.figure(facts_of(span), 80) for span in spans],
        textposition="outside",
        textfont={"size": 11},
        cliponaxis=False,
        customdata=[[span["span_id"], _hover(span)] for span in spans],
        hovertemplate="%{customdata[1]}<extra></extra>",
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )


def _critical_path(spans: Sequence[Span], start_ns: int, duration_ms: float, factor: float) -> go.Bar:
    """A frame around the bars that the trace's length depends on."""
    return go.Bar(
        base=[offset_ms(span, start_ns) * factor for span in spans],
        x=[
            max(span["duration_ms"], duration_ms * SMALLEST_SHARE) * factor
            if span["is_on_critical_path"]
            else None
            for span in spans
        ],
        y=list(range(len(spans))),
        orientation="h",
        width=0.86,
        marker={"color": "rgba(127,135,155,0.28)", "cornerradius": 4},
        hoverinfo="skip",
    )


def _label(span: Span, place: int) -> dict[str, Any]:
    """The name beside a bar, indented as a tree; what failed is marked. (Ticks would align right.)"""
    mark = "✕ " if span["is_error"] else ""
    depth = min(span["depth"], DEEPEST)
    name = plain.figure(f"{mark}{span['span_name']}", max(12, NAME_CHARS - depth))
    return {
        "text": f"{INDENT * depth}{name}",
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": place,
        "yref": "y",
        "showarrow": False,
        "font": {"size": 11},
    }


def _hover(span: Span) -> str:
    lines = [
        plain.figure(span["span_name"], 80),
        plain.figure(
            " · ".join(filter(None, (span["kind"], span["response_model"] or span["request_model"]))), 80
        ),
        plain.figure(facts_of(span), 120),
        plain.figure(span["error_message"], 120) if span["is_error"] else "",
        "on the critical path" if span["is_on_critical_path"] else "",
    ]
    return "<br>".join(filter(None, lines))
