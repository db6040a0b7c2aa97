"""What fired: on a line of time, and one by one."""

from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.charts.episodes import build_timeline
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.panels import chart, panel
from watchkeeper_dashboard.states import box
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

MOST_EPISODES, MOST_EVENTS = 200, 200
EVENTS = (
    Column("Time", "at", "time"),
    Column("Alert", "alert", "text", "", "medium"),
    Column("From", "from_state"),
    Column("To", "to_state"),
    Column("Value", "value", "number"),
    Column(
        "Labels",
        lambda row: [f"{name} {value}" for name, value in row["labels"].items() if name != "alertname"],
        "list",
        "",
        "large",
    ),
    Column("Why", "reason", "text", "If not because of its condition.", "medium"),
)


def show_past(visit: Visit, view: View) -> None:
    answers = visit.ask(
        episodes=Question("/alerts/episodes", {**view.window(), "limit": MOST_EPISODES}),
        events=Question("/alerts/events", {**view.window(), "limit": MOST_EVENTS}),
    )
    episodes = answers["episodes"]["items"]
    if not episodes and not answers["events"]["items"]:
        box("Nothing fired", "No alert did in this window.", "good")
        return
    if episodes:
        with panel("Episodes", tip="From when an alert fired until it resolved."):
            chart(build_timeline(episodes, view.start, view.end, visit.zone), "episodes", _in_words(episodes))
    with panel("Changes of state"):
        show_table(visit, answers["events"]["items"], EVENTS, "events")
        if answers["events"]["next_cursor"]:
            st.caption("The newest of more: shorten the time range to see older ones.")


def _in_words(episodes: list[Any]) -> str:
    newest = episodes[0]
    name, started = plain.short(newest["alert"], 60), units.ago(newest["started_at"])
    return f"{len(episodes)} episodes; the newest is {name}, {started}."
