"""When providers changed something under the name that was asked for."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.charts.marks import Mark
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.drifting.words import KINDS
from watchkeeper_dashboard.panels import panel
from watchkeeper_dashboard.places import link
from watchkeeper_dashboard.states import box
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

Event = Mapping[str, Any]
CHOSEN = "_drift_event"
COLUMNS = (
    Column("Time", "timestamp", "time"),
    Column("What", lambda row: KINDS.get(row["kind"], row["kind"]), "text", "", "medium"),
    Column("Model asked for", "model", "text", "", "medium"),
    Column("Provider", "provider"),
    Column("Before", "before", "text", "", "medium"),
    Column("After", "after", "text", "", "medium"),
    Column("Calls", "calls", "count", "With what is new, in the window in which it was found."),
)
EVIDENCE = (
    Column("Of the calls", "name", "text", "", "medium"),
    Column("Before", "before"),
    Column("After", "after", "text", "", "large"),
)


def show_events(visit: Visit, view: View) -> None:
    asked = Question("/drift/events", {**view.window(), "limit": 200})
    events = visit.ask(events=asked)["events"]["items"]
    if not events:
        box(
            "No provider changed anything in this time",
            "What would be here: another model, fingerprint or API version that answers to the same name, and"
            " answers that changed in two windows on end though none of it was said.",
            "good",
        )
        return
    with panel("Providers changed", tip="A click shows what calls were like before and after."):
        show_table(visit, events, COLUMNS, "drift_events", _choose)
    chosen = next((one for one in events if one["id"] == st.session_state.get(CHOSEN)), events[0])
    with panel("Before and after"):
        title = f"{chosen['model']}: {KINDS.get(chosen['kind'], chosen['kind'])}"
        box(plain.short(title, 120), " → ".join(filter(None, (chosen["before"], chosen["after"]))), "warning")
        show_table(visit, read_evidence(chosen["evidence"]), EVIDENCE, "drift_evidence")
        if chosen["trace_id"]:
            link("The first such call", "trace", view, icon=":material/search:", id=chosen["trace_id"])


def read_marks(events: Mapping[str, Any] | None) -> list[Mark]:
    """Events as marks on a line of time."""
    return [
        Mark(one["timestamp"], one["model"], f"{one['model']}: {KINDS.get(one['kind'], one['kind'])}")
        for one in (events or {}).get("items", ())
    ]


def read_evidence(evidence: Mapping[str, Any]) -> list[dict[str, str]]:
    """A row for each figure of either side; of changed answers a row for each feature that drifted."""
    if isinstance(findings := evidence.get("findings"), list):
        return [{"name": one["feature"], "before": "", "after": one["reason"]} for one in findings]
    before, after = evidence.get("before"), evidence.get("after")
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return [
            {
                "name": name.replace("_", " "),
                "before": _shown(before.get(name)),
                "after": _shown(after.get(name)),
            }
            for name in {**before, **after}
        ]
    return [
        {"name": str(name).replace("_", " "), "before": "", "after": _shown(value)}
        for name, value in evidence.items()
    ]


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}"
    return units.NOTHING if value is None else str(value)


def _choose(row: Event) -> None:
    st.session_state[CHOSEN] = row["id"]
