"""One user: what was spent for them, what they met, and their conversations."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.charts.series import build_stack, name_of, read_groups
from watchkeeper_dashboard.charts.shares import Share, build_bars
from watchkeeper_dashboard.client import Question, path_of
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import Card, chart, chips, panel, show_cards
from watchkeeper_dashboard.places import go, link
from watchkeeper_dashboard.states import box, note
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View, condition
from watchkeeper_dashboard.visit import Visit

CARDS = (
    Card("cost_usd", "Spend", "less"),
    Card("calls", "Calls"),
    Card("error_rate", "Error rate", "less"),
    Card("sessions", "Sessions"),
)
COLUMNS = (
    Column("Last seen", "last_seen", "time"),
    Column("Last question", "last_input", "text", "", "large"),
    Column("Turns", "turn_count", "count"),
    Column("Cost", "cost_usd", "usd"),
    Column("Errors", "error_count", "count"),
    Column("Models", "models", "list"),
    Column("Session", "session_id"),
)
MOST_SHARES = 6


def show(visit: Visit, view: View) -> None:
    link("All users", "users", view, icon=":material/arrow_back:")
    user_id = st.query_params.get("user", "")
    if not user_id:
        box("No user was chosen", "Open one from the list of users.")
        return
    where = condition("user", user_id)
    measures = [card.measure for card in CARDS]
    answers = visit.ask(
        user=Question(path_of("users", user_id), view.slice()),
        totals=view.query(*measures, where=where, compare=view.comparison),
        course=view.query(*measures, where=where, step="auto"),
        series=view.query("cost_usd", where=where, by="model", step="auto", top=MOST_SHARES),
        sessions=Question("/sessions", {**view.slice(where), "limit": 50}),
    )
    user = answers["user"]
    _show_head(visit, view, user)
    show_cards(CARDS, answers["totals"], answers["course"], view)
    left, right = st.columns(2, gap="small")
    with left, panel("Spend by model over time"):
        series = read_groups(answers["series"]["rows"], "model", "cost_usd", "usd", visit.palette)
        chart(build_stack(series, visit.zone), "series")
    with right, panel("Spend by model"):
        _show_shares(visit, user["models"])
    with panel("Conversations", tip="A click opens one."):
        show_table(
            visit,
            answers["sessions"]["items"],
            COLUMNS,
            "sessions",
            lambda row: go("session", view, session=row["session_id"]),
        )


def _show_head(visit: Visit, view: View, user: Mapping[str, Any]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain.markdown(plain.short(user["user_id"], 80)), anchor=False, width="stretch")
        narrowed = view.narrowed(condition("user", user["user_id"]))
        link("Traces", "traces", narrowed, icon=":material/account_tree:")
        link("Errors", "errors", narrowed, icon=":material/error:")
    chips(
        [
            ("first seen", units.local_time(user["first_seen"], visit.zone)),
            ("last seen", units.ago(user["last_seen"])),
            ("without a price", str(user["unpriced_call_count"] or "")),
            *(
                (score["name"], f"{units.count(score['mean'])} of {score['count']}")
                for score in user["scores"]
            ),
        ]
    )


def _show_shares(visit: Visit, models: Sequence[Mapping[str, Any]]) -> None:
    shares = [
        Share(name_of(model["value"]), model["cost_usd"], visit.palette.colour(model["value"]))
        for model in models[:MOST_SHARES]
        if model["cost_usd"]
    ]
    if shares:
        chart(build_bars(shares, "usd"), "models")
    else:
        note("Nothing was spent in this window.")


show_page(show)
