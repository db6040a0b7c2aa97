"""Overview: how it goes, and what needs attention."""

import streamlit as st
from watchkeeper_dashboard import attention, plain
from watchkeeper_dashboard.alerting.shading import episodes_question, with_alerts
from watchkeeper_dashboard.charts.series import build_lines, build_stack, read_groups, read_measures
from watchkeeper_dashboard.drifting.newest import drift_in_words
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import Card, chart, panel, show_cards
from watchkeeper_dashboard.states import note, section, show_first_steps
from watchkeeper_dashboard.theme import ACCENT, BAD, SERIES
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

CARDS = (
    Card("calls", "Calls"),
    Card("cost_usd", "Spend", "less"),
    Card("error_rate", "Error rate", "less"),
    Card("latency_p95_ms", "p95 latency", "less"),
    Card("ttft_p50_ms", "Time to first token", "less"),
    Card("input_tokens", "Tokens read"),
    Card("output_tokens", "Tokens written"),
    Card("users", "Active users", "more"),
)
TALL_PX = 380
FAILURES = ("errors", "error_rate", "server_errors")
LATENCY = {"latency_p95_ms": ACCENT, "latency_p50_ms": SERIES[4]}


def show(visit: Visit, view: View) -> None:
    measures = [card.measure for card in CARDS]
    answers = visit.ask(
        totals=view.query("spans", *measures, compare=view.comparison),
        course=view.query(*measures, "latency_p50_ms", "errors", step="auto"),
        models=view.query("cost_usd", by="model", step="auto", top=7),
        episodes=episodes_question(view),
        **attention.questions(view),
    )
    totals, course = answers["totals"], answers["course"]
    if not totals["rows"][0]["spans"] and not view.filter and _is_empty(answers.get("status")):
        show_first_steps(visit)
        return
    show_cards(CARDS, totals, course, view)
    wide, narrow = st.columns((2, 1), gap="small")
    with wide, panel("Spend by model"), section(visit, "models"):
        series = read_groups(answers["models"]["rows"], "model", "cost_usd", "usd", visit.palette)
        figure = build_stack(series, visit.zone, TALL_PX)
        chart(with_alerts(figure, visit, view, answers, "cost_usd"), "spend")
    with narrow, panel("Needs attention"):
        attention.show(attention.find(answers), view)
        if words := drift_in_words(answers):
            note(plain.short(words, 160))
    left, right = st.columns(2, gap="small")
    with left, panel("Calls and errors"):
        names = {"calls": "calls", "errors": "errors"}
        rows = [{**row, "calls": row["calls"] - row["errors"]} for row in course["rows"]]
        series = read_measures(
            rows, names | {"calls": "without error"}, "count", {"calls": ACCENT, "errors": BAD}
        )
        figure = build_stack(series, visit.zone)
        chart(with_alerts(figure, visit, view, answers, "calls", *FAILURES), "calls")
    with right, panel("Latency of calls"):
        names = {"latency_p95_ms": "p95", "latency_p50_ms": "median"}
        figure = build_lines(read_measures(course["rows"], names, "ms", LATENCY), visit.zone)
        chart(with_alerts(figure, visit, view, answers, "latency_"), "latency")


def _is_empty(status: dict[str, object] | None) -> bool:
    """Whether nothing was ever stored: an empty window alone teaches nothing."""
    tables = status["store"]["tables"] if status else []  # type: ignore[index]
    return not any(table["rows"] for table in tables if table["name"] == "spans")


show_page(show)
