"""Baselines that somebody keeps: to set, to watch, to remove."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.changes import attempt
from watchkeeper_dashboard.client import Question, path_of
from watchkeeper_dashboard.panels import panel
from watchkeeper_dashboard.states import box, note
from watchkeeper_dashboard.view import View, render_time
from watchkeeper_dashboard.visit import Visit

Baseline = Mapping[str, Any]
THIS_TIME, FROM_NOW, ANY_TIME = "the time range above", "from now on", "any time"


def show_baselines(visit: Visit, view: View) -> None:
    answers = visit.ask(
        baselines=Question("/baselines", {"limit": 200}),
        releases=Question("/releases", view.window()),
    )
    found = answers["baselines"]["items"]
    with panel("Baselines", tip="What windows are compared with, beside the usual."):
        if not found:
            box(
                "None is kept yet",
                "Every window is compared with the same hour of the week, or with the seven days before. Keep"
                " a baseline to compare with a release or a time that was known to be well; a watched one is"
                " compared with every window. To accept a change, watch one from now on: what is usual begins"
                " there.",
            )
        for baseline in found:
            _show_baseline(visit, baseline)
    releases = [one["release"] for one in (answers.get("releases") or {}).get("items", ())]
    with panel("Keep a baseline"):
        _ask_for_baseline(visit, view, releases)


def _show_baseline(visit: Visit, baseline: Baseline) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"baseline_{baseline['id']}"):
        with st.container():
            watched = " · watched" if baseline["is_watched"] else ""
            st.markdown(f"**{plain.markdown(plain.short(baseline['name'], 80))}**{watched}")
            note(render_baseline(visit, baseline))
        label = "Watch no more" if baseline["is_watched"] else "Watch"
        if st.button(label, key=f"watch_{baseline['id']}", type="tertiary", icon=":material/visibility:"):
            _watch(visit, baseline)
        if st.button("Remove", key=f"remove_{baseline['id']}", type="tertiary", icon=":material/delete:"):
            attempt(visit, "DELETE", path_of("baselines", baseline["id"]), done="It is removed")


def render_baseline(visit: Visit, baseline: Baseline) -> str:
    """What it holds, in words."""
    times = [
        f"{word} {units.local_time(baseline[name], visit.zone)}"
        for name, word in (("start", "from"), ("end", "until"))
        if baseline[name]
    ]
    release = f"release {baseline['release']}" if baseline["release"] else ""
    return " · ".join(filter(None, (release, " ".join(times), baseline["filter"])))


def _watch(visit: Visit, baseline: Baseline) -> None:
    """A baseline never changes, so what was found by it can be read later: another takes its place."""
    kept = {name: baseline[name] for name in ("name", "filter", "release", "start", "end")}
    visit.send("DELETE", path_of("baselines", baseline["id"]))
    attempt(visit, "POST", "/baselines", {**kept, "is_watched": not baseline["is_watched"]}, done="Done")


def _ask_for_baseline(visit: Visit, view: View, releases: list[str]) -> None:
    with st.form("new_baseline", border=False):
        name = st.text_input("Name", max_chars=200, placeholder="Launch week")
        left, right = st.columns(2, gap="small")
        time = left.selectbox("Time", [THIS_TIME, FROM_NOW, ANY_TIME])
        release = right.selectbox(
            "Release", ["", *releases], format_func=lambda one: plain.short(one, 60) or "any"
        )
        query = st.text_input("Filter", max_chars=4096, placeholder="environment:production")
        is_watched = st.toggle("Watch it: compare every new window with it", value=True)
        is_wanted = st.form_submit_button("Keep it", type="primary")
    if is_wanted:
        times = {
            THIS_TIME: {"start": render_time(view.start), "end": render_time(view.end)},
            FROM_NOW: {"start": render_time(view.end)},
        }.get(time, {})
        body = {"name": name.strip(), "release": release, "filter": query, "is_watched": is_watched, **times}
        attempt(visit, "POST", "/baselines", body, done="The baseline is kept")
