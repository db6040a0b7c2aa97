"""How calls went over time, with a mark where each release was first seen."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from watchkeeper_dashboard import theme
from watchkeeper_dashboard.charts.marks import Mark, mark
from watchkeeper_dashboard.charts.series import build_lines, read_groups, read_measures
from watchkeeper_dashboard.client import Answers
from watchkeeper_dashboard.panels import chart, panel
from watchkeeper_dashboard.states import section
from watchkeeper_dashboard.view import View, render_time
from watchkeeper_dashboard.visit import Visit

MEASURES = ("error_rate", "latency_p95_ms", "cost_usd")
TOP = 6


def read_deploys(releases: Sequence[Mapping[str, Any]], view: View) -> list[Mark]:
    """Releases that were first seen within the view."""
    start = render_time(view.start)
    return [
        Mark(one["first_seen"], one["release"], f"{one['release']}: first seen, {', '.join(one['services'])}")
        for one in releases
        if one["first_seen"] >= start
    ]


def show_timeline(visit: Visit, answers: Answers, marks: Sequence[Mark]) -> None:
    """``answers`` holds the ``course`` of the measures, and the ``calls`` by release."""

    def draw(figure: go.Figure, key: str) -> None:
        chart(mark(figure, marks, visit.zone), key)

    rows = answers["course"]["rows"]
    with st.grid(2, gap="small", min_column_width=320):
        with panel("Calls by release"), section(visit, "release_calls"):
            series = read_groups(answers["calls"]["rows"], "release", "calls", "count", visit.palette)
            draw(build_lines(series, visit.zone), "release_calls")
        for title, measure, unit, colour in (
            ("Error rate", "error_rate", "ratio", theme.BAD),
            ("p95 latency", "latency_p95_ms", "ms", theme.ACCENT),
            ("Cost of a call", "cost_per_call_usd", "usd", theme.SERIES[2]),
        ):
            with panel(title, tip="Dotted lines: a release was first seen."):
                series = read_measures(rows, {measure: title}, unit, {measure: colour})
                draw(build_lines(series, visit.zone), f"release_{measure}")
