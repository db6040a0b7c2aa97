"""The review queue: traces that nobody has judged, one after the other. Each verdict is a score."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.changes import attempt
from watchkeeper_dashboard.client import Question, path_of
from watchkeeper_dashboard.conversation import show_conversation
from watchkeeper_dashboard.panels import chips, panel
from watchkeeper_dashboard.places import link
from watchkeeper_dashboard.states import box, note
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

USUAL_NAME = "quality"
JUDGED = "judged"
MOST_SPANS = 50


def show_queue(visit: Visit, view: View) -> None:
    with panel("Review queue", tip="Traces of this view without a score of that name, newest first."):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input("Score to give", USUAL_NAME, key="review_name", max_chars=200, width=240)
            is_open = st.toggle("Review now", key="reviewing")
        if not (is_open and name.strip()):
            note("Good is G, bad is B, skip is S. What is judged counts as a score, here and in alerts.")
            return
        waiting = visit.ask(queue=Question("/review", {**view.slice(), "name": name.strip(), "limit": 50}))[
            "queue"
        ]
        judged: list[str] = st.session_state.setdefault(JUDGED, [])
        left = [trace for trace in waiting["items"] if trace["trace_id"] not in judged]
        if not left:
            box("The queue is empty", "Every trace of this view has a score of that name.", "good")
            return
        _show_one(visit, view, left, name.strip())


def _show_one(visit: Visit, view: View, left: Sequence[Mapping[str, Any]], name: str) -> None:
    trace = left[0]
    with st.container(horizontal=True, vertical_alignment="center"):
        link(f"**{plain.markdown(plain.short(trace['name'], 60))}**", "trace", view, id=trace["trace_id"])
        is_good = st.button("Good", key="judge_good", shortcut="g", icon=":material/thumb_up:")
        is_bad = st.button("Bad", key="judge_bad", shortcut="b", icon=":material/thumb_down:")
        is_skipped = st.button("Skip", key="skip", shortcut="s", icon=":material/skip_next:")
    if is_good or is_bad or is_skipped:
        st.session_state[JUDGED].append(trace["trace_id"])
    if is_skipped:
        st.rerun()
    if is_good or is_bad:
        body = {"name": name, "value": is_good, "trace_id": trace["trace_id"], "source": "review"}
        attempt(visit, "POST", "/scores", body)
    chips(
        [
            ("when", units.clock_time(trace["timestamp"], visit.zone)),
            ("took", units.duration_ms(trace["duration_ms"])),
            ("cost", units.usd(trace["cost_usd"])),
            *(("model", model) for model in trace["models"]),
            *(("user", user) for user in trace["users"]),
        ]
    )
    _show_answer(visit, trace["trace_id"])


def _show_answer(visit: Visit, trace_id: str) -> None:
    """What was said in the trace's last call that shows it."""
    found = visit.ask(trace=Question(path_of("traces", trace_id), {"limit": MOST_SPANS}))["trace"]
    spoken = [span for span in found["spans"] if span["input_messages"] or span["output_messages"]]
    if spoken:
        show_conversation(spoken[-1])
    else:
        note("No prompt or answer of this trace can be shown.")
