"""Silences: which alerts notify nobody, and until when."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.changes import attempt
from watchkeeper_dashboard.client import Question, path_of
from watchkeeper_dashboard.panels import panel
from watchkeeper_dashboard.states import box, note
from watchkeeper_dashboard.view import View, render_time
from watchkeeper_dashboard.visit import Visit

DURATIONS = {"1 hour": 1, "4 hours": 4, "8 hours": 8, "1 day": 24, "3 days": 72, "1 week": 168}


def show_silences(visit: Visit, view: View) -> None:
    del view
    silences = visit.ask(silences=Question("/silences", {"limit": 200}))["silences"]["items"]
    with panel("Silences", tip="Matching alerts notify nobody, and are shown here all the same."):
        if not silences:
            box(
                "Nothing is silenced",
                "Silence an alert where it fires, or say here which labels it must have: maintenance, a known"
                " outage.",
            )
        for silence in sorted(silences, key=lambda one: one["state"] == "expired"):
            _show_silence(visit, silence)
        with st.expander("Silence alerts", icon=":material/add:"):
            ask_for_silence(visit, {}, "new")


def ask_for_silence(visit: Visit, labels: Mapping[str, str], key: str) -> None:
    """A form for a silence on alerts with these labels; matchers can be changed before it is made."""
    matchers = "\n".join(render_matcher(name, value) for name, value in labels.items() if name != "project")
    with st.form(f"silence_{key}", border=False):
        given = st.text_area(
            "Alerts with",
            matchers,
            help="One matcher a line, as Alertmanager has them: =, !=, =~, !~. All must match.",
            placeholder='alertname="ProviderOutage"',
        )
        length = st.selectbox("For", list(DURATIONS))
        comment = st.text_input("Why", placeholder="Known outage, being worked on", max_chars=1000)
        is_wanted = st.form_submit_button("Silence", type="primary")
    if is_wanted:
        body = {
            "matchers": [line.strip() for line in given.splitlines() if line.strip()],
            "ends_at": render_time(datetime.now(UTC) + timedelta(hours=DURATIONS[length])),
            "comment": comment.strip() or "Silenced on the dashboard",
        }
        attempt(visit, "POST", "/silences", body, done="Silenced")


def render_matcher(name: str, value: str) -> str:
    """A matcher for exactly this value."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{name}="{escaped}"'


def _show_silence(visit: Visit, silence: Mapping[str, Any]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"silence_row_{silence['id']}"):
        with st.container():
            about = plain.html(", ".join(silence["matchers"]))
            st.html(f'<div class="wk-text"><b>{about}</b></div>')
            until = units.local_time(silence["ends_at"], visit.zone)
            author = f" · {silence['author']}" if silence["author"] else ""
            note(f"{silence['state']} · until {until}{author} · {silence['comment']}")
        if silence["state"] != "expired" and st.button(
            "End", key=f"end_{silence['id']}", type="tertiary", icon=":material/notifications_active:"
        ):
            attempt(visit, "DELETE", path_of("silences", silence["id"]), done="The silence is over")
