"""Budgets: what may be spent, what is, and what it will come to."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.changes import attempt
from watchkeeper_dashboard.client import path_of
from watchkeeper_dashboard.panels import panel
from watchkeeper_dashboard.states import note
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

TONES = {"ok": "#1F9E78", "at_risk": "#E08A1E", "over": "#D1495B"}
WORDS = {"ok": "within its limit", "at_risk": "at risk", "over": "spent"}
METHODS = {
    "seasonal": "from the hours of past weeks",
    "rate": "from the rate so far",
    "none": "nothing was spent yet",
}


def show_budgets(visit: Visit, view: View, budgets: Sequence[Mapping[str, Any]]) -> None:
    with panel(
        "Budgets", tip="A limit for a day, a week or a month. The forecast says in what range it will end."
    ):
        for budget in budgets:
            _show_budget(visit, budget)
        if not budgets:
            note("No budget is set. A budget warns before the money is spent.")
        with st.expander("Set a budget", icon=":material/add:"):
            _set_budget(visit, view)


def render_bar(budget: Mapping[str, Any]) -> str:
    """Spent, expected and the limit on one line, as HTML. The interval is the pale part."""
    use, limit = budget["use"], budget["limit_usd"]
    low, high = use["forecast"]["low_usd"], use["forecast"]["high_usd"]
    whole = max(limit, high, use["spent_usd"]) * 1.05
    colour = TONES[use["state"]]
    return (
        '<div class="wk-bar">'
        f"{_stretch(low / whole, max(high - low, 0) / whole, colour, opacity=0.25)}"
        f"{_stretch(0, use['spent_usd'] / whole, colour)}"
        f'<i class="wk-limit" style="left:{100 * limit / whole:.2f}%"></i></div>'
    )


def _stretch(start: float, width: float, colour: str, opacity: float = 1) -> str:
    style = f"left:{100 * start:.2f}%;width:{100 * width:.2f}%;background:{colour};opacity:{opacity}"
    return f'<i style="{style}"></i>'


def _show_budget(visit: Visit, budget: Mapping[str, Any]) -> None:
    use, forecast = budget["use"], budget["use"]["forecast"]
    head = f"{units.usd(use['spent_usd'])} of {units.usd(budget['limit_usd'])} this {budget['period']}"
    tail = (
        f"expected {units.usd(forecast['expected_usd'])}, four times in five from"
        f" {units.usd(forecast['low_usd'])} to {units.usd(forecast['high_usd'])}"
        f" ({METHODS[forecast['method']]})"
    )
    with st.container(horizontal=True, vertical_alignment="center", key=f"budget_{budget['id']}"):
        with st.container():
            st.html(
                f'<div class="wk-text"><b>{plain.html(budget["name"])}</b> is {WORDS[use["state"]]}'
                f' <span class="wk-note">{plain.html(budget["filter"] or "all calls")}</span></div>'
                f"{render_bar(budget)}"
                f'<div class="wk-note">{plain.html(head)} · {plain.html(tail)}</div>'
            )
        if st.button(
            "",
            icon=":material/delete:",
            key=f"drop_{budget['id']}",
            type="tertiary",
            help="Remove this budget",
        ):
            attempt(visit, "DELETE", path_of("budgets", budget["id"]))


def _set_budget(visit: Visit, view: View) -> None:
    with st.form("budget", border=False, clear_on_submit=True):
        name = st.text_input("Name", placeholder="Support bot in production", max_chars=200)
        limit = st.number_input("Limit in USD", min_value=0.01, value=100.0, step=10.0)
        period = st.selectbox("Period", ["day", "week", "month"], index=2)
        counted = st.text_input("Which calls count", value=view.filter, placeholder="all of the project")
        is_wanted = st.form_submit_button("Set", type="primary")
    if is_wanted and name.strip():
        body = {
            "name": name.strip(),
            "limit_usd": limit,
            "period": period,
            "filter": counted,
            "time_zone": visit.zone.key,
        }
        attempt(visit, "POST", "/budgets", body)
