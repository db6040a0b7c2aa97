"""API keys of the project: who may send, read, and change."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain
from watchkeeper_dashboard.changes import attempt
from watchkeeper_dashboard.client import ApiError, Question, path_of
from watchkeeper_dashboard.panels import panel
from watchkeeper_dashboard.states import box, note
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

ROLES = {
    "sender": "sends telemetry",
    "viewer": "sees numbers and spans",
    "analyst": "reads prompts and answers too",
    "responder": "works with alerts",
    "admin": "may do everything in the project",
}
COLUMNS = (
    Column("Name", "name", "text", "", "medium"),
    Column("Scopes", "scopes", "list"),
    Column("State", lambda row: "revoked" if row["revoked_at"] else "in use"),
    Column("Made", "created_at", "ago"),
    Column("Last used", "last_used_at", "ago"),
    Column("Expires", "expires_at", "time"),
    Column("Id", "id"),
)
FIRST_KEY = (
    "Every program of this machine is served without one. From the first on, every request needs one, also"
    " this dashboard's."
)


def show_keys(visit: Visit, _view: View) -> None:
    keys = visit.ask(keys=Question("/keys"))["keys"]["items"]
    with panel("API keys"):
        if keys:
            show_table(visit, keys, COLUMNS, "keys")
        else:
            box("No key exists", FIRST_KEY, "warning")
        _create_key(visit)
        _revoke_key(visit, [key for key in keys if not key["revoked_at"]])


def _create_key(visit: Visit) -> None:
    with st.form("key", border=False):
        name = st.text_input("Name", placeholder="checkout service", max_chars=200)
        role = st.selectbox("Role", list(ROLES), format_func=lambda role: f"{role}: {ROLES[role]}")
        days = st.number_input("Days until it expires", min_value=1, value=None, placeholder="never")
        is_wanted = st.form_submit_button("Make a key", type="primary")
    if not (is_wanted and name.strip()):
        return
    expires_at = None if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()
    body = {"name": name.strip(), "role": role, "expires_at": expires_at}
    try:
        made = visit.send("POST", "/keys", body)
    except ApiError as error:
        box("The key was not made", error.message, "warning")
        return
    note("This is the key. It is shown this once: copy it now.")
    st.code(made["key"], language=None)


def _revoke_key(visit: Visit, keys: list[Mapping[str, Any]]) -> None:
    if not keys:
        return
    names = [f"{key['name']} ({key['id']})" for key in keys]
    with st.popover("Revoke a key", icon=":material/block:"):
        place = st.selectbox("Key", range(len(keys)), format_func=lambda place: plain.short(names[place], 80))
        if st.button("Revoke", type="primary", key="revoke"):
            attempt(visit, "DELETE", path_of("keys", keys[place]["id"]), done="Revoked.")
