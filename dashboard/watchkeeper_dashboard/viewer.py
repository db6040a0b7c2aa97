"""Who looks, for which project, and how they leave."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain
from watchkeeper_dashboard.client import ApiError, Question
from watchkeeper_dashboard.panels import facts
from watchkeeper_dashboard.visit import Visit

NO_KEY = "anybody on this machine"


def show_viewer(visit: Visit) -> None:
    """As a part of the bar: it says nothing where the collector does not know."""
    try:
        me = visit.ask(me=Question("/me"))["me"]
    except ApiError:
        me = None
    if me is not None:
        facts((("Signed in as", _name(me)), ("Project", me["project"]), ("May", ", ".join(me["scopes"]))))
        _show_projects(visit, me)
    if visit.credential and st.button("Sign out", icon=":material/logout:", key="sign_out"):
        visit.sign_out()
        st.rerun()


def _name(me: Mapping[str, Any]) -> str:
    name = f"key {me['name']}" if me["kind"] == "key" else me["name"]
    role = f" ({me['role']})" if me["role"] else ""
    return f"{name or NO_KEY}{role}"


def _show_projects(visit: Visit, me: Mapping[str, Any]) -> None:
    """The switch, for a person who has more than one."""
    projects = me["projects"]
    if len(projects) < 2:
        return
    chosen = st.selectbox(
        "Show project",
        projects,
        index=projects.index(me["project"]),
        key="project_switch",
        format_func=lambda name: plain.short(name, 60),
    )
    if chosen != me["project"]:
        visit.choose_project(chosen)
        st.rerun()
