"""Alerts: what fires, what fired, which rules there are, who is told."""

import streamlit as st
from watchkeeper_dashboard.alerting.firing import show_firing
from watchkeeper_dashboard.alerting.past import show_past
from watchkeeper_dashboard.alerting.receivers import show_receivers
from watchkeeper_dashboard.alerting.rules import show_rules
from watchkeeper_dashboard.alerting.silences import show_silences
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.states import section
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

PARTS = {
    "firing": show_firing,
    "history": show_past,
    "rules": show_rules,
    "silences": show_silences,
    "receivers": show_receivers,
}


def show(visit: Visit, view: View) -> None:
    part = st.segmented_control(
        "Part",
        list(PARTS),
        default="firing",
        key="part",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    with section(visit, part):
        PARTS[part](visit, view)


show_page(show)
