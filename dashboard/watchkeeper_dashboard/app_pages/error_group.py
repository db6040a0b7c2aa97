"""One group of errors: what it is, where it happens, and its newest examples."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import plotly.graph_objects as go_figure
import streamlit as st
from watchkeeper_dashboard import units
from watchkeeper_dashboard.changes import attempt
from watchkeeper_dashboard.charts.series import Line, Series, build_stack
from watchkeeper_dashboard.charts.shares import Share, build_bars
from watchkeeper_dashboard.client import Question, path_of
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import chart, chips, panel
from watchkeeper_dashboard.places import go, link
from watchkeeper_dashboard.states import Tone, box, section
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.theme import BAD
from watchkeeper_dashboard.view import View, render_time
from watchkeeper_dashboard.visit import Visit

EXAMPLES = (
    Column("Time", "timestamp", "time"),
    Column("Message", "error_message", "text", "", "large"),
    Column("Span", "span_name"),
    Column("Service", "service_name"),
    Column("Release", "release"),
    Column("User", "user_id"),
    Column("Session", "session_id"),
)
SHARES = {
    "services": "Services",
    "releases": "Releases",
    "environments": "Environments",
    "span_names": "Spans",
    "most_affected_users": "Users",
}


def show(visit: Visit, view: View) -> None:
    link("All errors", "errors", view, icon=":material/arrow_back:")
    fingerprint = st.query_params.get("group", "")
    path = path_of("errors", fingerprint)
    answers = visit.ask(
        group=Question(path, view.slice()),
        examples=Question(f"{path}/occurrences", {**view.slice(), "limit": 50}),
    )
    group = answers["group"]
    _show_head(visit, group, path)
    with panel("Course"):
        chart(_build_course(group, visit), "course")
    shares = {name: group[name] for name in SHARES if any(share["value"] for share in group[name])}
    with st.grid(3, gap="small", min_column_width=260):
        for name, found in shares.items():
            with panel(SHARES[name]):
                chart(build_bars(_shares(found), "count"), name)
    with panel("Newest examples", tip="A click opens the trace."), section(visit, "examples"):
        show_table(
            visit,
            answers["examples"]["items"],
            EXAMPLES,
            "examples",
            lambda row: go("trace", view, id=row["trace_id"], span=row["span_id"]),
        )


def _show_head(visit: Visit, group: Mapping[str, Any], path: str) -> None:
    tone: Tone = (
        "good" if group["state"] == "resolved" else "bad" if group["state"] == "regressed" else "warning"
    )
    box(group["error_type"] or "(no type)", group["message"] or group["pattern"], tone)
    chips(
        [
            ("state", group["state"]),
            ("count", units.count(group["count"])),
            ("users", units.count(group["users"])),
            ("traces", units.count(group["traces"])),
            ("provider", group["provider"]),
            ("model", group["model"]),
            ("status", str(group["error_status"] or "")),
            ("first seen", units.local_time(group["first_seen"], visit.zone)),
            (
                "last seen",
                f"{units.local_time(group['last_seen'], visit.zone)} ({units.ago(group['last_seen'])})",
            ),
        ]
    )
    is_resolved = group["state"] == "resolved"
    label = "Open it again" if is_resolved else "Resolve"
    if st.button(
        label,
        icon=":material/undo:" if is_resolved else ":material/check:",
        help="Seen again after it was resolved, it is regressed.",
    ):
        attempt(visit, "DELETE" if is_resolved else "POST", f"{path}/resolve")


def _build_course(group: Mapping[str, Any], visit: Visit) -> go_figure.Figure:
    trend = group["trend"]
    start, step = units.read_time(trend["start"]), timedelta(seconds=trend["step_s"])
    times = [render_time(start + step * place) for place in range(len(trend["counts"]))]
    return build_stack(Series(times, [Line("errors", trend["counts"], BAD)], "count"), visit.zone, 180)


def _shares(found: Sequence[Mapping[str, Any]]) -> list[Share]:
    return [Share(share["value"] or "(none)", share["count"], BAD) for share in found[:8]]


show_page(show)
