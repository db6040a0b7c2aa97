"""One session: the conversation, trace by trace."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.client import Question, path_of
from watchkeeper_dashboard.conversation import show_messages
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import chips
from watchkeeper_dashboard.places import link
from watchkeeper_dashboard.states import box, note
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

PAGE_TRACES, MOST_TRACES = 20, 200
SHOWN = "session_traces"


def show(visit: Visit, view: View) -> None:
    link("All sessions", "sessions", view, icon=":material/arrow_back:")
    session_id = st.query_params.get("session", "")
    if not session_id:
        box("No session was chosen", "Open one from the list of sessions.")
        return
    limit = int(st.session_state.get(SHOWN, PAGE_TRACES))
    session = visit.ask(session=Question(path_of("sessions", session_id), {"limit": limit}))["session"]
    _show_head(visit, view, session)
    if session["content_hidden"]:
        note("This key does not show prompts and answers: it lacks the scope content.")
    for trace in session["traces"]:
        _show_trace(visit, view, trace)
    if session["next_cursor"] and limit < MOST_TRACES:
        st.button("Show more of it", on_click=_show_more, args=(limit,))


def _show_more(limit: int) -> None:
    st.session_state[SHOWN] = min(MOST_TRACES, limit * 2)


def _show_head(visit: Visit, view: View, session: Mapping[str, Any]) -> None:
    st.subheader(plain.markdown(plain.short(session["session_id"], 80)), anchor=False)
    tokens = (session["input_tokens"] or 0) + (session["output_tokens"] or 0)
    figures = (
        ("Turns", units.count(session["turn_count"]), "Different messages of the user"),
        ("Traces", units.count(session["trace_count"]), "Requests of the application"),
        ("Cost", units.usd(session["cost_usd"]), "Of all its calls"),
        ("Tokens", units.count(tokens), "Read and written"),
        ("Errors", units.count(session["error_count"]), "Spans that failed"),
        ("Lasted", units.duration_ms(session["duration_ms"]), "From the first start to the last end"),
    )
    with st.grid(6, gap="xsmall", min_column_width=150, key="figures"):
        for title, value, tip in figures:
            st.metric(title, value.replace("$", "\\$"), help=tip, border=True)
    chips(
        [
            ("began", units.local_time(session["first_seen"], visit.zone, with_zone=True)),
            *(("service", name) for name in session["services"]),
            *(("model", name) for name in session["models"]),
            *(("release", name) for name in session["releases"]),
            *(("environment", name) for name in session["environments"]),
        ]
    )
    for user in session["users"][:5]:
        link(
            f"User {plain.markdown(plain.short(user, 60))}", "user", view, icon=":material/person:", user=user
        )


def _show_trace(visit: Visit, view: View, trace: Mapping[str, Any]) -> None:
    mark = ":red[:material/error:] " if trace["is_error"] or trace["error_count"] else ""
    about = " · ".join(
        (
            units.clock_time(trace["timestamp"], visit.zone),
            units.duration_ms(trace["duration_ms"]),
            units.usd(trace["cost_usd"]),
        )
    )
    with st.container(key=f"turn_{plain.file_name(trace['trace_id'])}", gap="xsmall"):
        label = f"{mark}{plain.markdown(plain.short(trace['name'], 60))} :gray[{plain.markdown(about)}]"
        link(label, "trace", view, icon=":material/account_tree:", id=trace["trace_id"])
        messages = trace["messages"] or ()
        if messages:
            show_messages(
                (found["message"], found["model"] if found["is_output"] else "") for found in messages
            )
        if trace["is_cut"]:
            note("This trace has more calls than are shown here.")


show_page(show)
