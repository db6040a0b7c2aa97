"""Performance: how long calls take, where the slow ones lie, and whom providers hold back."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from watchkeeper_dashboard import theme
from watchkeeper_dashboard.alerting.shading import episodes_question, with_alerts
from watchkeeper_dashboard.charts.heat import build_heat
from watchkeeper_dashboard.charts.series import build_lines, name_of, read_groups, read_measures
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import Card, chart, panel, show_cards
from watchkeeper_dashboard.places import go
from watchkeeper_dashboard.states import note, nothing, section
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View, condition
from watchkeeper_dashboard.visit import Visit

CARDS = (
    Card("latency_p50_ms", "Median latency", "less"),
    Card("latency_p95_ms", "p95 latency", "less"),
    Card("latency_p99_ms", "p99 latency", "less"),
    Card("ttft_p50_ms", "Time to first token", "less"),
    Card("ttft_p95_ms", "p95 to first token", "less"),
    Card("tokens_per_second", "Tokens per second", "more"),
    Card("rate_limited_rate", "Rate limited", "less"),
    Card("calls", "Calls"),
)
PERCENTILES = {"latency_p99_ms": "p99", "latency_p95_ms": "p95", "latency_p50_ms": "median"}
COLOURS = {
    "latency_p99_ms": theme.BAD,
    "latency_p95_ms": theme.WARNING,
    "latency_p50_ms": theme.ACCENT,
    "ttft_p95_ms": theme.WARNING,
    "ttft_p50_ms": theme.ACCENT,
}
DIMENSIONS = ("model", "provider", "service", "release", "operation", "feature", "environment")
OF = {"Latency": "latency_ms", "First token": "ttft_ms"}
TOP = 6


def show(visit: Visit, view: View) -> None:
    measures = [card.measure for card in CARDS]
    chosen = st.container(horizontal=True)
    with chosen:
        by = st.segmented_control(
            "Split by",
            DIMENSIONS,
            default="model",
            key="by",
            bind="query-params",
            required=True,
            label_visibility="collapsed",
        )
    answers = visit.ask(
        totals=view.query(*measures, compare=view.comparison),
        course=view.query(*measures, step="auto"),
        latency=Question("/histogram", {**view.slice(), "of": "latency_ms"}),
        ttft=Question("/histogram", {**view.slice(), "of": "ttft_ms"}),
        series=view.query("calls", "latency_p95_ms", by=by, step="auto", limit=TOP, order="-calls"),
        limited=view.query("rate_limited_rate", by="provider", step="auto", limit=TOP),
        table=view.query(*measures, by=by, limit=50, order="-calls"),
        episodes=episodes_question(view),
    )
    totals = answers["totals"]
    if not totals["rows"] or not totals["rows"][0]["calls"]:
        nothing("No calls here")
        return
    show_cards(CARDS, totals, answers["course"], view)
    _show_courses(visit, view, answers)
    _show_heat(visit, answers)
    _show_split(visit, view, by, answers)
    with panel("Slowest traces"):
        _show_slowest(visit, view)


def _show_courses(visit: Visit, view: View, answers: Any) -> None:
    rows = answers["course"]["rows"]
    left, right = st.columns(2, gap="small")
    with left, panel("Latency of calls"):
        figure = build_lines(read_measures(rows, PERCENTILES, "ms", COLOURS), visit.zone)
        chart(with_alerts(figure, visit, view, answers, "latency_"), "latency")
    with right, panel("Time to the first token", tip="Of streamed calls."):
        names = {"ttft_p95_ms": "p95", "ttft_p50_ms": "median"}
        figure = build_lines(read_measures(rows, names, "ms", COLOURS), visit.zone)
        chart(with_alerts(figure, visit, view, answers, "ttft_"), "ttft")


def _show_heat(visit: Visit, answers: Any) -> None:
    is_dark = st.context.theme.type == "dark"
    colours = theme.SEQUENTIAL_DARK if is_dark else theme.SEQUENTIAL
    left, right = st.columns(2, gap="small")
    for place, title, name in (
        (left, "Where calls lie", "latency"),
        (right, "Where first tokens lie", "ttft"),
    ):
        with (
            place,
            panel(title, tip="Darker: more calls. Both scales are logarithmic."),
            section(visit, name),
        ):
            histogram = answers[name]
            if histogram["bounds"]:
                chart(build_heat(histogram, visit.zone, colours), f"heat_{name}")
            else:
                note("No call here has this number.")


def _show_split(visit: Visit, view: View, by: str, answers: Any) -> None:
    left, right = st.columns(2, gap="small")
    with left, panel(f"p95 latency by {by}", tip=f"Of the {TOP} with most calls."):
        series = read_groups(answers["series"]["rows"], by, "latency_p95_ms", "ms", visit.palette)
        chart(build_lines(series, visit.zone), "split")
    with right, panel("Refused for too many requests", tip="Calls that were answered 429, of all calls."):
        series = read_groups(
            answers["limited"]["rows"], "provider", "rate_limited_rate", "ratio", visit.palette
        )
        figure = build_lines(series, visit.zone)
        chart(with_alerts(figure, visit, view, answers, "rate_limited_rate"), "limited")
    columns = (
        Column(by.capitalize(), lambda row: name_of(row[by]), "text", "", "medium"),
        Column("Calls", "calls", "count"),
        Column("Median", "latency_p50_ms", "seconds", "Of the duration of calls."),
        Column("p95", "latency_p95_ms", "seconds"),
        Column("p99", "latency_p99_ms", "seconds"),
        Column("First token", "ttft_p50_ms", "seconds", "Median, of streamed calls."),
        Column("Tokens/s", "tokens_per_second", "number"),
        Column("Rate limited", "rate_limited_rate", "ratio"),
    )

    def narrow(row: Mapping[str, Any]) -> None:
        go("traces", view.narrowed(condition(by, row[by])))

    with panel(f"By {by}", tip="A click on a row shows its traces."):
        show_table(visit, answers["table"]["rows"], columns, f"by_{by}", narrow)


def _show_slowest(visit: Visit, view: View) -> None:
    asked = {**view.slice("is:call"), "order": "-duration", "limit": 10}
    slowest = visit.ask(slowest=Question("/traces", asked))["slowest"]["items"]
    columns = (
        Column("Duration", "duration_ms", "seconds"),
        Column("Name", "name", "text", "", "medium"),
        Column("Time", "timestamp", "time"),
        Column("Calls", "call_count", "count"),
        Column("Models", "models", "list", "", "medium"),
        Column("User", "users", "list"),
        Column("Service", "service_name"),
    )
    show_table(visit, slowest, columns, "slowest", lambda row: go("trace", view, id=row["trace_id"]))


show_page(show)
