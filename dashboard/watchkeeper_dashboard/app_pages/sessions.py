"""Sessions: conversations over several traces."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from watchkeeper_dashboard import units
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import Card, panel, show_cards
from watchkeeper_dashboard.places import go
from watchkeeper_dashboard.states import box, nothing
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

ORDERS = {
    "newest": "-last_seen",
    "dearest": "-cost_usd",
    "most errors": "-error_count",
    "most turns": "-turn_count",
    "most calls": "-call_count",
}
CARDS = (
    Card("sessions", "Sessions"),
    Card("users", "Active users"),
    Card("cost_per_session_usd", "Per session", "less"),
    Card("error_rate", "Error rate", "less"),
)
COLUMNS = (
    Column("Last seen", "last_seen", "time"),
    Column("User", "users", "list"),
    Column("Last question", "last_input", "text", "How the newest user message begins.", "large"),
    Column("Turns", "turn_count", "count", "Different messages of the user."),
    Column("Traces", "trace_count", "count"),
    Column("Calls", "call_count", "count"),
    Column("Cost", "cost_usd", "usd"),
    Column("Errors", "error_count", "count", "Spans that failed."),
    Column("Lasted", "duration_ms", "seconds", "From the first start to the last end."),
    Column("Models", "models", "list"),
    Column("Session", "session_id"),
)
HOW = """\
with watchkeeper.context(session="conversation-42", user="user-7"):
    client.chat.completions.create(...)
"""


def show(visit: Visit, view: View) -> None:
    order = st.selectbox("Order", list(ORDERS), key="order", label_visibility="collapsed", width=180)
    measures = [card.measure for card in CARDS]
    answers = visit.ask(
        sessions=Question("/sessions", {**view.slice(), "order": ORDERS[order], "limit": 100}),
        totals=view.query(*measures, compare=view.comparison),
        course=view.query(*measures, step="auto"),
    )
    show_cards(CARDS, answers["totals"], answers["course"], view)
    _show_list(view, visit, answers["sessions"])


def _show_list(view: View, visit: Visit, page: Mapping[str, Any]) -> None:
    if not page["items"]:
        if view.filter:
            nothing("No session is like that")
        else:
            box(
                "No session here",
                "A session is a conversation over several traces: its id is set by the application.",
            )
            st.code(HOW, language="python")
        return
    with panel("Conversations", tip="Figures are of whole sessions. A click opens one."):
        show_table(
            visit,
            page["items"],
            COLUMNS,
            "sessions",
            lambda row: go("session", view, session=row["session_id"]),
        )
        more = ", the first of more" if page["next_cursor"] else ""
        st.caption(f"{units.count(len(page['items']))} sessions{more}.")


show_page(show)
