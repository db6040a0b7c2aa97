"""Audit: who changed what, and who read prompts and answers."""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st
from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import facts, panel
from watchkeeper_dashboard.states import box
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

KINDS = {"everything": "", "changes": "change", "reads of content": "read"}
MOST = 200
COLUMNS = (
    Column("When", "at", "time"),
    Column("Who", "actor", "text", "", "medium"),
    Column("What", "action", "text", "", "medium"),
    Column("On", lambda row: _short(row["target"]), "text", "Parameters of the request.", "medium"),
    Column("Kind", "kind", "text"),
    Column("Outcome", "outcome", "text", "Refused: a right for it was lacking."),
    Column("From", "source", "text"),
    Column("Number", "number", "count", "In the project's chain."),
)
PROOF = "watchkeeper audit verify"


def show(visit: Visit, view: View) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = st.segmented_control(
            "Kind",
            list(KINDS),
            default="everything",
            key="kind",
            bind="query-params",
            required=True,
            label_visibility="collapsed",
        )
        actor = st.text_input(
            "Who",
            key="actor",
            bind="query-params",
            placeholder="key:…, person:…",
            label_visibility="collapsed",
        )
    asked = {**view.window(), "kind": KINDS[kind], "actor": actor.strip(), "limit": MOST}
    page = visit.ask(audit=Question("/audit", asked))["audit"]
    entries = page["items"]
    if not entries:
        box("Nothing happened", "No change, and no read of prompts or answers, in this time.")
        return
    with panel("Entries", tip="Each has a hash over itself and the one before it."):
        show_table(visit, entries, COLUMNS, "entries", lambda row: _remember(row["number"]))
        more = ", the newest of more" if page["next_cursor"] else ""
        st.caption(f"{units.count(len(entries))} entries{more}. `{PROOF}` proves that none was changed.")
    _show_entry(visit, next((e for e in entries if e["number"] == st.session_state.get("entry")), None))


def _remember(number: int) -> None:
    st.session_state["entry"] = number


def _show_entry(visit: Visit, entry: Mapping[str, Any] | None) -> None:
    """One entry in full, after a click on its row."""
    if entry is None:
        return
    with panel(f"Entry {entry['number']}"):
        names = ("actor", "source", "action", "outcome", "hash")
        when = units.read_time(entry["at"]).astimezone(visit.zone)
        facts([("at", f"{when:%Y-%m-%d %H:%M:%S %Z}"), *((name, str(entry[name])) for name in names)])
        for name in ("target", "before", "after"):
            if entry[name] is not None:
                st.caption(name.capitalize())
                st.code(plain.clean(json.dumps(entry[name], indent=2, ensure_ascii=False)), language="json")


def _short(target: Mapping[str, Any] | None) -> str:
    return ", ".join(f"{name} {value}" for name, value in (target or {}).items())


show_page(show)
