"""Releases: how each does, when each came, and whether one may follow another."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import panel
from watchkeeper_dashboard.places import go
from watchkeeper_dashboard.releasing.comparing import show_comparison
from watchkeeper_dashboard.releasing.timeline import TOP, read_deploys, show_timeline
from watchkeeper_dashboard.states import box, section
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View, condition
from watchkeeper_dashboard.visit import Visit

COLUMNS = (
    Column("Release", "release", "text", "", "medium"),
    Column("First seen", "first_seen", "time", "In this time range."),
    Column("Last seen", "last_seen", "ago"),
    Column("Calls", "call_count", "count"),
    Column("Sessions or traces", "unit_count", "count"),
    Column("Errors", "error_rate", "ratio"),
    Column("p95", "latency_p95_ms", "seconds", "Of calls that did not fail."),
    Column("Cost", "cost_usd", "usd"),
    Column("A call", "cost_per_call_usd", "usd"),
    Column("Refusals", "refusal_rate", "ratio"),
    Column("Services", "services", "list", "", "medium"),
    Column("Models", "models", "list", "", "medium"),
)
MEASURES = ("error_rate", "latency_p95_ms", "cost_per_call_usd")
HOW = """\
import watchkeeper

watchkeeper.instrument(service_name="shop-assistant", release="1.5")
"""
ANY_SENDER = "export OTEL_RESOURCE_ATTRIBUTES=service.name=shop-assistant,service.version=1.5"


def show(visit: Visit, view: View) -> None:
    answers = visit.ask(
        releases=Question("/releases", view.slice()),
        earlier=Question("/releases", {**view.slice(), "start": view.before.window()["start"]}),
        course=view.query(*MEASURES, step="auto"),
        calls=view.query("calls", by="release", step="auto", limit=TOP, order="-calls"),
    )
    releases = answers["releases"]["items"]
    if not releases:
        show_how()
        return
    with panel("Releases", tip="A click on a row shows its traces."):
        show_table(visit, releases, COLUMNS, "releases", lambda row: _open(row, view))
    with section(visit, "timeline"):
        show_timeline(
            visit, answers, read_deploys((answers.get("earlier") or {}).get("items", releases), view)
        )
    st.subheader("Compare two", anchor=False)
    if len(releases) < 2:
        box("There is one release in this time", "Widen the time range to compare it with another one.")
        return
    with section(visit, "comparison"):
        show_comparison(visit, view, _by_newness(releases))


def show_how() -> None:
    """What makes a release, for a project that says none."""
    box(
        "No call of this time says of which release it is",
        "A release is the version of your application. Say it once where it starts, and each version is shown"
        " here with how it does, and can be compared with the one before.",
    )
    st.code(HOW, language="python")
    st.code(ANY_SENDER, language="shell")


def _by_newness(releases: Sequence[Mapping[str, Any]]) -> list[str]:
    return [one["release"] for one in releases]


def _open(row: Mapping[str, Any], view: View) -> None:
    go("traces", view.narrowed(condition("release", row["release"])))


show_page(show)
