"""Errors: in groups of the same kind, with their course and whom they met."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.alerting.shading import episodes_question, with_alerts
from watchkeeper_dashboard.charts.series import build_stack, read_groups
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import Card, chart, panel, show_cards
from watchkeeper_dashboard.places import go
from watchkeeper_dashboard.states import box, nothing, section
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

CARDS = (
    Card("errors", "Failed calls", "less"),
    Card("error_rate", "Error rate", "less"),
    Card("rate_limited_rate", "Rate limited", "less"),
    Card("tool_error_rate", "Failing tools", "less"),
)
FAILURES = ("errors", "error_rate", "server_errors", "rate_limited_rate")
STATES = ("all", "new", "ongoing", "regressed", "resolved")
ORDERS = {
    "newest": "-last_seen",
    "most frequent": "-count",
    "most users": "-users",
    "first seen": "-first_seen",
}
COLUMNS = (
    Column(
        "State", "state", "text", "New: first seen in this window. Regressed: seen after it was resolved.", 90
    ),
    Column("Error", lambda row: row["error_type"] or "(no type)", "text", "", "medium"),
    Column("Message", "pattern", "text", "Numbers, ids and quoted values are taken out.", "large"),
    Column("Count", "count", "count", "In this window."),
    Column("Course", lambda row: row["trend"]["counts"], "trend", "Over this window.", 110),
    Column("Users", "users", "count", "Different users who met it."),
    Column("Model", lambda row: row["model"] or row["provider"], "text"),
    Column("Last seen", "last_seen", "ago"),
    Column("First seen", "first_seen", "ago", "Ever."),
)


def show(visit: Visit, view: View) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        state = st.segmented_control(
            "State",
            STATES,
            default="all",
            key="state",
            bind="query-params",
            required=True,
            label_visibility="collapsed",
        )
        order = st.selectbox("Order", list(ORDERS), key="order", label_visibility="collapsed", width=180)
    asked = {**view.slice(), "order": ORDERS[order], "state": "" if state == "all" else state, "limit": 100}
    measures = [card.measure for card in CARDS]
    answers = visit.ask(
        groups=Question("/errors", asked),
        totals=view.query(*measures, compare=view.comparison),
        course=view.query(*measures, step="auto"),
        series=view.query("errors", by="error_type", step="auto", top=7),
        episodes=episodes_question(view),
    )
    show_cards(CARDS, answers["totals"], answers["course"], view)
    with section(visit, "groups"):
        _show_groups(visit, view, answers, state)


def _show_groups(visit: Visit, view: View, answers: Any, state: str) -> None:
    groups = answers["groups"]["items"]
    if not groups:
        if state == "all" and not view.filter:
            box("No errors", "Nothing failed in this window.", "good")
        else:
            nothing("No group of errors is like that")
        return
    with panel("Failed calls by type"):
        rows = [row for row in answers["series"]["rows"] if row["error_type"] != ""]
        series = read_groups(rows, "error_type", "errors", "count", visit.palette)
        figure = build_stack(series, visit.zone, 220)
        chart(with_alerts(figure, visit, view, answers, *FAILURES), "types")
    with panel(
        "Groups", tip="Errors of one type, provider, model and kind of message. A click opens a group."
    ):
        show_table(visit, groups, COLUMNS, "groups", lambda row: _open(view, row))
        more = ", the first of more" if answers["groups"]["next_cursor"] else ""
        st.caption(f"{units.count(len(groups))} groups{more}.")


def _open(view: View, row: Mapping[str, Any]) -> None:
    go("error_group", view, group=plain.file_name(row["fingerprint"]))


show_page(show)
