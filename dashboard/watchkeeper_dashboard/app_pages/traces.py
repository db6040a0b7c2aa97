"""Traces: search, facets, the list, and the way to one of them."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from watchkeeper_dashboard import units
from watchkeeper_dashboard.charts.series import build_stack, read_measures
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.exporting import show_export
from watchkeeper_dashboard.filtering import facet_question, show_builder, show_facets
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import chart
from watchkeeper_dashboard.places import go
from watchkeeper_dashboard.saved_views import show_saved_views
from watchkeeper_dashboard.states import nothing, section, show_first_steps
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.theme import ACCENT, BAD
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

PAGE_ROWS, MOST_ROWS = 50, 1000
LIVE = "5s"


def _tokens(row: Mapping[str, Any]) -> int | None:
    known = [row[name] for name in ("input_tokens", "output_tokens") if row[name] is not None]
    return sum(known) if known else None


COLUMNS = (
    Column("Time", "timestamp", "time", "When its first span started."),
    Column("Name", "name", "text", "Of the root span.", "medium"),
    Column("", lambda row: "✕" if row["is_error"] or row["error_count"] else "", "text", "Spans failed.", 30),
    Column("Duration", "duration_ms", "seconds", "From the first start to the last end."),
    Column("Cost", "cost_usd", "usd", "Of its calls; empty: not known."),
    Column("Tokens", _tokens, "count", "Read and written."),
    Column("Calls", "call_count", "count", "Requests to models."),
    Column("Spans", "span_count", "count", "Duplicates too."),
    Column("Models", "models", "list", "", "medium"),
    Column("User", "users", "list"),
    Column("Session", "sessions", "list"),
    Column("Service", "service_name", "text"),
    Column("Release", "releases", "list"),
    Column("Environment", "environments", "list"),
    Column("Trace", "trace_id", "text", "The trace's id."),
)
USUAL = ("Time", "Name", "", "Duration", "Cost", "Tokens", "Calls", "Spans", "Models", "User", "Session")


def show(visit: Visit, view: View) -> None:
    rows_wanted = int(st.session_state.get("trace_rows", PAGE_ROWS))
    answers = visit.ask(
        traces=Question("/traces", {**view.slice(), "limit": rows_wanted}),
        facets=facet_question(view),
        course=view.query("traces", "errors", step="auto"),
    )
    _show_tools(visit, view)
    traces = answers["traces"]
    with st.container(key="traces_body"):
        side, main = st.columns((1, 4.6), gap="medium")
    with side, section(visit, "facets"):
        show_facets(answers["facets"])
    with main:
        _show_list(visit, view, traces, answers.get("course"))


def _show_tools(visit: Visit, view: View) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        with st.popover("Add a condition", icon=":material/filter_alt:"), section(visit, "builder"):
            show_builder(visit, view)
        with st.popover("Views", icon=":material/bookmark:"):
            show_saved_views(visit, view, "traces")
        with st.popover("Export", icon=":material/download:"):
            show_export(visit, view)
        with st.popover("Columns", icon=":material/view_column:"):
            titles = [column.title for column in COLUMNS if column.title]
            st.multiselect(
                "Columns",
                titles,
                default=[title for title in USUAL if title],
                key="columns",
                persist_state="session",
            )
        is_live = st.session_state.get("live") == LIVE
        st.button(
            "Stop" if is_live else "Live tail",
            icon=":material/pause:" if is_live else ":material/play_arrow:",
            key="tail",
            on_click=_set_live,
            args=("off" if is_live else LIVE,),
        )


def _set_live(interval: str) -> None:
    st.session_state["live"] = interval


def _show_list(visit: Visit, view: View, page: Mapping[str, Any], course: Mapping[str, Any] | None) -> None:
    traces = page["items"]
    if not traces:
        if view.filter:
            nothing("No trace is like that")
        else:
            show_first_steps(visit)
        return
    if course is not None:
        colours = {"traces": ACCENT, "errors": BAD}
        series = read_measures(
            course["rows"], {"traces": "traces", "errors": "failed calls"}, "count", colours
        )
        chart(build_stack(series, visit.zone, 160), "course")
    wanted = st.session_state.get("columns") or USUAL
    columns = [column for column in COLUMNS if column.title in wanted or not column.title]
    show_table(visit, traces, columns, "traces", lambda row: go("trace", view, id=row["trace_id"]))
    _show_more(page, len(traces))


def _show_more(page: Mapping[str, Any], shown: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{units.count(shown)} newest traces. A click on a row opens it.")
        if page["next_cursor"] and shown < MOST_ROWS:
            st.button("Show more", key="more", on_click=_show_twice, args=(shown,))


def _show_twice(shown: int) -> None:
    st.session_state["trace_rows"] = min(MOST_ROWS, shown * 2)


show_page(show)
