"""Users: what each of them costs, meets and says."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from watchkeeper_dashboard import units
from watchkeeper_dashboard.charts.series import build_stack, read_groups
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import Card, chart, panel, show_cards
from watchkeeper_dashboard.places import go
from watchkeeper_dashboard.states import box, nothing
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

ORDERS = {
    "dearest": "-cost_usd",
    "most calls": "-call_count",
    "most errors": "-error_count",
    "most sessions": "-session_count",
    "newest": "-last_seen",
}
CARDS = (
    Card("users", "Active users", "more"),
    Card("cost_per_user_usd", "Per user", "less"),
    Card("sessions", "Sessions"),
    Card("cost_usd", "Spend", "less"),
)
TOP = 8
HOW = """\
with watchkeeper.context(user="user-7"):
    client.chat.completions.create(...)
"""


def show(visit: Visit, view: View) -> None:
    order = st.selectbox("Order", list(ORDERS), key="order", label_visibility="collapsed", width=180)
    measures = [card.measure for card in CARDS]
    known = view.filtered("has:user")
    answers = visit.ask(
        users=Question("/users", {**view.slice(), "order": ORDERS[order], "limit": 100}),
        totals=view.query(*measures, compare=view.comparison),
        course=view.query(*measures, step="auto"),
        series=view.query("cost_usd", by="user", step="auto", top=TOP) if known else view.query("cost_usd"),
    )
    show_cards(CARDS, answers["totals"], answers["course"], view)
    users = answers["users"]["items"]
    if not users:
        if view.filter:
            nothing("No user is like that")
        else:
            box("No user here", "Spans carry the end user's id where the application sets it.")
            st.code(HOW, language="python")
        return
    with panel("Spend by user over time", tip=f"The {TOP} dearest users, and all others."):
        series = read_groups(answers["series"]["rows"], "user", "cost_usd", "usd", visit.palette)
        chart(build_stack(series, visit.zone), "series")
    total = answers["totals"]["rows"][0]["cost_usd"] or 1
    with panel("Users", tip="A click opens a user."):
        show_table(visit, users, _columns(total), "users", lambda row: go("user", view, user=row["user_id"]))
        more = ", the first of more" if answers["users"]["next_cursor"] else ""
        st.caption(f"{units.count(len(users))} users{more}.")


def _columns(total_usd: float) -> tuple[Column, ...]:
    return (
        Column("User", "user_id", "text", "", "medium"),
        Column("Spend", "cost_usd", "usd"),
        Column(
            "Share", lambda row: (row["cost_usd"] or 0) / total_usd, "share", "Of the spend in this window."
        ),
        Column("Calls", "call_count", "count"),
        Column("Sessions", "session_count", "count"),
        Column("Errors", "error_count", "count", "Calls that failed."),
        Column("Error rate", "error_rate", "ratio"),
        Column("Tokens read", "input_tokens", "count"),
        Column("Tokens written", "output_tokens", "count"),
        Column("Feedback", _feedback, "text", "Means of scores on the user's traces."),
        Column("Last seen", "last_seen", "ago"),
        Column("First seen", "first_seen", "ago"),
    )


def _feedback(row: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{score['name']} {score['mean']:.2f} ({score['count']})"
        if score["mean"] is not None
        else score["name"]
        for score in row["scores"]
    )


show_page(show)
