"""Receivers: where notifications go, how they do, and what was sent."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.alerting.documents import ask_for_document
from watchkeeper_dashboard.changes import attempt
from watchkeeper_dashboard.client import ApiError, Question, path_of
from watchkeeper_dashboard.panels import panel
from watchkeeper_dashboard.states import box, note
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

STATES = ("all", "pending", "delivered", "refused", "expired", "superseded")
FAILED = ("refused", "expired")
DELIVERY = "delivery"
EXAMPLE = {"name": "on-call", "kind": "webhook", "settings": {"url": "https://hooks.example.com/alerts"}}
LEDGER = (
    Column("Time", "created_at", "time"),
    Column("Receiver", "receiver"),
    Column("Says", "action"),
    Column("About", "title", "text", "", "large"),
    Column("State", "state"),
    Column("Attempts", "attempts", "count"),
    Column("Problem", "problem", "text", "", "large"),
)


def show_receivers(visit: Visit, view: View) -> None:
    del view
    state = st.session_state.get("delivery_state", "all")
    asked = {"limit": 200, "state": None if state == "all" else state}
    answers = visit.ask(receivers=Question("/receivers"), deliveries=Question("/deliveries", asked))
    with panel("Receivers", tip="Routes in the notifications' configuration lead alerts to them."):
        if not answers["receivers"]["items"]:
            box(
                "Nobody is told yet",
                "Alerts are shown here, and go nowhere. Make a receiver: a pager, a chat, a mailbox, a"
                " webhook. docs/notifications.md has what each kind needs.",
                "warning",
            )
        for receiver in answers["receivers"]["items"]:
            _show_receiver(visit, receiver)
        with st.expander("Make a receiver", icon=":material/add:"):
            wanted = ask_for_document("new_receiver", EXAMPLE, "Make")
            if wanted is not None:
                attempt(visit, "POST", "/receivers", wanted[1], done="The receiver is made")
    with panel("Deliveries", tip="What was sent, or waits to be. A click shows its attempts."):
        st.segmented_control(
            "State", STATES, default="all", key="delivery_state", required=True, label_visibility="collapsed"
        )
        _show_deliveries(visit, answers["deliveries"])


def _show_receiver(visit: Visit, receiver: Mapping[str, Any]) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", key=f"receiver_{plain.file_name(receiver['name'])}"
    ):
        with st.container():
            kinds = ", ".join(target["kind"] for target in receiver["targets"])
            source = "a file" if receiver["source"] == "file" else "the API"
            st.html(
                f'<div class="wk-text"><b>{plain.html(receiver["name"])}</b> {plain.html(kinds)}'
                f' <span class="wk-note">from {source}</span></div>'
            )
            for target in receiver["targets"]:
                _show_health(target)
        if st.button("Test", key=f"test_{receiver['name']}", icon=":material/send:"):
            _test(visit, receiver["name"])
        if any(target["disabled_at"] for target in receiver["targets"]) and st.button(
            "Send again", key=f"enable_{receiver['name']}"
        ):
            attempt(
                visit, "POST", path_of("receivers", receiver["name"], "enable"), done="It is sent to again"
            )


def _show_health(target: Mapping[str, Any]) -> None:
    if target["disabled_at"]:
        note(f"{target['target']}: it asked for no more {units.ago(target['disabled_at'])}.")
    elif target["failing_since"]:
        since = units.ago(target["failing_since"])
        note(f"{target['target']}: takes nothing since {since}. {target['problem']}")


def _test(visit: Visit, name: str) -> None:
    try:
        with st.spinner("Sending …"):
            found = visit.send("POST", path_of("receivers", name, "test"))["items"]
    except ApiError as error:
        box("The test did not work", error.message, "warning")
        return
    for delivery in found:
        is_well = delivery["state"] == "delivered"
        text = delivery["problem"] or f"{delivery['action']}: taken"
        box(f"{delivery['target']}: {delivery['state']}", text, "good" if is_well else "bad")


def _show_deliveries(visit: Visit, page: Mapping[str, Any]) -> None:
    deliveries = page["items"]
    if not deliveries:
        box("Nothing was sent", "Notifications are listed here for a month, with every attempt.")
        return
    show_table(visit, deliveries, LEDGER, "deliveries", _choose)
    chosen = st.session_state.get(DELIVERY)
    if any(delivery["id"] == chosen for delivery in deliveries):
        _show_delivery(visit, str(chosen))


def _choose(row: Mapping[str, Any]) -> None:
    st.session_state[DELIVERY] = row["id"]


def _show_delivery(visit: Visit, delivery_id: str) -> None:
    found = visit.ask(one=Question(path_of("deliveries", delivery_id)))["one"]
    for one in found["attempt_list"]:
        at = units.local_time(one["at"], visit.zone)
        note(
            f"Attempt {one['number']} · {at} · {one['duration_s']:.1f} s · {one['outcome']} {one['problem']}"
        )
    with st.expander("What it says"):
        st.json(found["notification"])
    if found["state"] in FAILED and st.button("Send it again", icon=":material/replay:", key="replay"):
        attempt(visit, "POST", path_of("deliveries", delivery_id, "replay"), done="It is sent again")
