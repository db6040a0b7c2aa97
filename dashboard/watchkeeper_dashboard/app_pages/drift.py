"""Drift: what changed, when, in which slice, how sure, and why."""

import streamlit as st
from watchkeeper_dashboard.drifting.baselines import show_baselines
from watchkeeper_dashboard.drifting.changes import show_changes
from watchkeeper_dashboard.drifting.checking import show_check
from watchkeeper_dashboard.drifting.consistency import show_consistency
from watchkeeper_dashboard.drifting.events import show_events
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.states import section
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

PARTS = {
    "changes": show_changes,
    "providers": show_events,
    "consistency": show_consistency,
    "baselines": show_baselines,
    "check": show_check,
}


def show(visit: Visit, view: View) -> None:
    part = st.segmented_control(
        "Part",
        list(PARTS),
        default="changes",
        key="part",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    with section(visit, part):
        PARTS[part](visit, view)


show_page(show)
