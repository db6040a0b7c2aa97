"""Scores and comments of a trace: to read, and to give."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.changes import attempt
from watchkeeper_dashboard.client import Question, path_of
from watchkeeper_dashboard.panels import panel
from watchkeeper_dashboard.states import note
from watchkeeper_dashboard.visit import Visit

USUAL_NAME = "quality"


def show_feedback(visit: Visit, trace_id: str, span_id: str) -> None:
    answers = visit.ask(
        scores=Question("/scores", {"trace_id": trace_id, "limit": 50}),
        comments=Question("/comments", {"trace_id": trace_id, "limit": 50}),
    )
    left, right = st.columns(2, gap="small")
    with left, panel("Scores", tip="Judgements of this trace: of users, of reviewers, of programs."):
        for score in answers["scores"]["items"]:
            _show_score(score, visit)
        if not answers["scores"]["items"]:
            note("Nobody has judged this trace yet.")
        _give_score(visit, trace_id, span_id)
    with right, panel("Comments"):
        for comment in answers["comments"]["items"]:
            _show_comment(visit, comment)
        if not answers["comments"]["items"]:
            note("Nobody has noted anything here.")
        _give_comment(visit, trace_id)


def render_score(score: Mapping[str, Any]) -> str:
    """A score's value in words."""
    if score["value"] is None:
        return str(score["label"])
    if score["data_type"] == "boolean":
        return "yes" if score["value"] else "no"
    return f"{score['value']:g}" + (f" ({score['label']})" if score["label"] else "")


def _show_score(score: Mapping[str, Any], visit: Visit) -> None:
    who = " · ".join(
        filter(None, (score["source"], score["user_id"], units.clock_time(score["timestamp"], visit.zone)))
    )
    st.html(
        f'<div class="wk-text"><b>{plain.html(score["name"])}</b> {plain.html(render_score(score))}'
        f' <span class="wk-note">{plain.html(who)}</span></div>'
        + (f'<div class="wk-note">{plain.html(score["comment"])}</div>' if score["comment"] else "")
    )


def _give_score(visit: Visit, trace_id: str, span_id: str) -> None:
    with st.form(f"score_{trace_id}", clear_on_submit=True, border=False):
        name = st.text_input("Name", USUAL_NAME, max_chars=200)
        thumb = st.feedback("thumbs")
        why = st.text_input("Why", max_chars=2000)
        of_span = st.checkbox("Of the chosen span alone")
        is_given = st.form_submit_button("Give score")
    if is_given and thumb is None:
        note("Choose thumb up or down first.")
    if is_given and thumb is not None and name.strip():
        body = {
            "name": name.strip(),
            "value": bool(thumb),
            "trace_id": trace_id,
            "span_id": span_id if of_span else "",
            "comment": why,
            "source": "review",
        }
        attempt(visit, "POST", "/scores", body, done="The score is taken, and seen here in a moment.")


def _show_comment(visit: Visit, comment: Mapping[str, Any]) -> None:
    who = " · ".join(filter(None, (comment["author"] or "somebody", units.ago(comment["created_at"]))))
    with st.container(horizontal=True, vertical_alignment="top"):
        st.html(
            f'<div class="wk-turn"><header>{plain.html(who)}</header>'
            f'<div class="wk-text">{plain.html(comment["text"])}</div></div>'
        )
        if st.button(
            "", icon=":material/delete:", key=f"remove_{comment['id']}", type="tertiary", help="Remove"
        ):
            attempt(visit, "DELETE", path_of("comments", comment["id"]), done="Removed.")


def _give_comment(visit: Visit, trace_id: str) -> None:
    with st.form(f"comment_{trace_id}", clear_on_submit=True, border=False):
        text = st.text_area("Comment", max_chars=10_000, height=90)
        author = st.text_input("Your name", key="author", max_chars=200, persist_state="session")
        is_given = st.form_submit_button("Comment")
    if is_given and text.strip():
        body = {"trace_id": trace_id, "text": text.strip(), "author": author}
        attempt(visit, "POST", "/comments", body, done="Noted.")
