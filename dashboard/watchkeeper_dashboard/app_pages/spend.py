"""Spend: on what, by whom, and what it will come to."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.alerting.shading import episodes_question, with_alerts
from watchkeeper_dashboard.budgeting import show_budgets
from watchkeeper_dashboard.charts.series import build_stack, name_of, read_groups
from watchkeeper_dashboard.charts.shares import Share, build_treemap
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import Card, chart, panel, show_cards
from watchkeeper_dashboard.places import go, link
from watchkeeper_dashboard.states import nothing, section
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.theme import OTHER
from watchkeeper_dashboard.view import View, condition
from watchkeeper_dashboard.visit import Visit

CARDS = (
    Card("cost_usd", "Spend", "less"),
    Card("cost_per_call_usd", "Per call", "less"),
    Card("cost_per_trace_usd", "Per trace", "less"),
    Card("cost_per_session_usd", "Per session", "less"),
    Card("cost_per_user_usd", "Per user", "less"),
    Card("cache_hit_ratio", "Read from cache", "more"),
    Card("cache_savings_usd", "Saved by caches", "more"),
    Card("unpriced_calls", "Without a price", "less"),
)
DIMENSIONS = (
    "model",
    "provider",
    "feature",
    "user",
    "service",
    "environment",
    "release",
    "prompt",
    "operation",
    "key",
)
TOP = 9
TABLE_MEASURES = (
    "cost_usd",
    "calls",
    "cost_per_call_usd",
    "input_tokens",
    "output_tokens",
    "cache_hit_ratio",
)


def show(visit: Visit, view: View) -> None:
    by = st.segmented_control(
        "Split by",
        DIMENSIONS,
        default="model",
        key="by",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    known = visit.ask(vocabulary=Question("/vocabulary"))["vocabulary"]["measures"]
    names = {measure["name"] for measure in known}
    cards = [card for card in CARDS if card.measure in names]
    measures = [card.measure for card in cards]
    answers = visit.ask(
        totals=view.query(*measures, compare=view.comparison),
        course=view.query(*measures, step="auto"),
        series=view.query("cost_usd", by=by, step="auto", top=TOP),
        table=view.query(*TABLE_MEASURES, by=by, limit=100, order="-cost_usd", compare=view.comparison),
        tree=view.query("cost_usd", by=_pair(by), limit=80, order="-cost_usd"),
        budgets=Question("/budgets", {"limit": 50}),
        episodes=episodes_question(view),
    )
    show_cards(cards, answers["totals"], answers["course"], view)
    _show_unpriced(view, answers["totals"])
    _show_split(visit, view, by, answers)
    with section(visit, "budgets"):
        show_budgets(visit, view, answers["budgets"]["items"])


def _pair(by: str) -> tuple[str, str]:
    """What the treemap shows: the dimension's values within providers, or their models."""
    return ("provider", by) if by in {"model", "operation"} else (by, "model")


def _show_unpriced(view: View, totals: Mapping[str, Any]) -> None:
    calls = totals["rows"][0].get("unpriced_calls") if totals["rows"] else 0
    if calls:
        label = f":orange[:material/warning:] {units.count(calls)} calls have no price and are missing here"
        link(label, "data", view, icon="", part="prices")


def _show_split(visit: Visit, view: View, by: str, answers: Any) -> None:
    rows = answers["table"]["rows"]
    if not any(row["cost_usd"] for row in rows):
        nothing("Nothing was spent here")
        return
    left, right = st.columns((3, 2), gap="small")
    with left, panel(f"Spend by {by} over time"):
        series = read_groups(answers["series"]["rows"], by, "cost_usd", "usd", visit.palette)
        figure = build_stack(series, visit.zone, 340)
        chart(with_alerts(figure, visit, view, answers, "cost_usd", "cost_"), "series")
    with right, panel("What it is made up of"):
        chart(build_treemap(_shares(visit, by, answers["tree"]["rows"]), "usd", 340), "tree")
    with panel(f"By {by}", tip="A click on a row adds it to the filter."):
        _show_table(visit, view, by, rows)
    with panel("Dearest traces"):
        _show_dearest(visit, view)


def _shares(visit: Visit, by: str, rows: Sequence[Mapping[str, Any]]) -> list[Share]:
    parent, child = _pair(by)
    return [
        Share(name_of(row[child]), row["cost_usd"], _colour(visit, row, child), name_of(row[parent]))
        for row in rows
        if row["cost_usd"]
    ]


def _colour(visit: Visit, row: Mapping[str, Any], dimension: str) -> str:
    return visit.palette.colour(row[dimension]) if row[dimension] else OTHER


def _show_table(visit: Visit, view: View, by: str, rows: Sequence[Mapping[str, Any]]) -> None:
    total = sum(row["cost_usd"] or 0 for row in rows) or 1
    columns = (
        Column(by.replace("_", " ").capitalize(), lambda row: name_of(row[by]), "text", "", "medium"),
        Column("Spend", "cost_usd", "usd"),
        Column("Share", lambda row: (row["cost_usd"] or 0) / total, "share", "Of the spend of these rows."),
        Column(
            "Change",
            lambda row: units.change(row["cost_usd_change"]),
            "text",
            f"Against {view.before_in_words}.",
        ),
        Column("Calls", "calls", "count"),
        Column("Per call", "cost_per_call_usd", "usd"),
        Column("Tokens read", "input_tokens", "count"),
        Column("Tokens written", "output_tokens", "count"),
        Column("From cache", "cache_hit_ratio", "ratio", "Of the tokens read."),
    )

    def narrow(row: Mapping[str, Any]) -> None:
        go("traces", view.narrowed(condition(by, row[by])))

    show_table(visit, rows, columns, f"by_{by}", narrow)


def _show_dearest(visit: Visit, view: View) -> None:
    asked = {**view.slice(), "order": "-cost_usd", "limit": 10}
    dearest = visit.ask(dearest=Question("/traces", asked))["dearest"]["items"]
    columns = (
        Column("Cost", "cost_usd", "usd"),
        Column("Name", "name", "text", "", "medium"),
        Column("Time", "timestamp", "time"),
        Column("Tokens read", "input_tokens", "count"),
        Column("Tokens written", "output_tokens", "count"),
        Column("Models", "models", "list", "", "medium"),
        Column("User", "users", "list"),
        Column("Trace", lambda row: plain.short(row["trace_id"], 40)),
    )
    show_table(visit, dearest, columns, "dearest", lambda row: go("trace", view, id=row["trace_id"]))


show_page(show)
