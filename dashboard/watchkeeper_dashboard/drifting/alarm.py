"""An alert rule of what drifted."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from watchkeeper_dashboard.changes import attempt
from watchkeeper_dashboard.drifting.words import DRIFT
from watchkeeper_dashboard.states import note
from watchkeeper_dashboard.visit import Visit


def ask_for_alarm(visit: Visit, verdict: Mapping[str, Any]) -> None:
    """A form for a rule on the features that drifted, or on whole slices."""
    drifted = [one["feature"] for one in verdict["features"] if one["answer"] in DRIFT]
    with st.form("drift_alarm", border=False):
        name = st.text_input("Name", "AnswersChanged", max_chars=100)
        features = st.multiselect(
            "Of these features",
            [one["feature"] for one in verdict["features"]],
            default=drifted,
            help="None: of whole slices, whichever feature drifts.",
        )
        least = st.segmented_control("From", list(DRIFT), default=verdict["answer"], required=True)
        windows = st.number_input("In windows on end", 1, 10, 2)
        severity = st.selectbox("Severity", ["warning", "error", "page"])
        is_wanted = st.form_submit_button("Make the rule", type="primary")
    note("It holds for every slice. Who is told is said by routes: see Alerts.")
    if is_wanted and name.strip():
        body = {
            "alert": name.strip(),
            "drift": {"features": features, "severity": least, "windows": int(windows)},
            "labels": {"severity": severity},
        }
        attempt(visit, "POST", "/alerts/rules", body, done="The rule is made")
