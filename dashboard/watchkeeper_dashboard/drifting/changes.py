"""What changed: when, in which slice, and each change whole."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.charts.marks import Mark, mark
from watchkeeper_dashboard.charts.verdicts import build_verdicts
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.drifting.alarm import ask_for_alarm
from watchkeeper_dashboard.drifting.events import read_marks
from watchkeeper_dashboard.drifting.verdict import show_verdict
from watchkeeper_dashboard.drifting.words import (
    ANSWERS,
    USUAL_NAME,
    Spell,
    find_spells,
    length_of,
    series_of,
    slice_name,
)
from watchkeeper_dashboard.panels import chart, panel
from watchkeeper_dashboard.places import link
from watchkeeper_dashboard.states import box, note
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View, render_time
from watchkeeper_dashboard.visit import Visit

Verdict = Mapping[str, Any]
MOST = 1000
CHOSEN = "_drift_spell"
RECENT = timedelta(hours=26)
SPELLS = (
    Column("From", "start", "time"),
    Column("To", "end", "time"),
    Column("Slice", "slice", "text", "", "medium"),
    Column("Verdict", "verdict", "text", "Of the gravest window."),
    Column("Windows", "windows", "count", "On end with drift. An alert takes two."),
    Column("Each", "each"),
    Column("Against", "against"),
    Column("Why", "reason", "text", "", "large"),
)


def show_changes(visit: Visit, view: View) -> None:
    window = view.window()
    recent = {"start": render_time(max(view.start, view.end - RECENT)), "end": window["end"]}
    answers = visit.ask(
        drifted=Question("/drift", {**window, "only_drift": "true", "limit": 200}),
        recent=Question("/drift", {**recent, "limit": 200}),
        events=Question("/drift/events", {**window, "limit": 100}),
        releases=Question("/releases", {**view.before.window() | {"end": window["end"]}}),
        baselines=Question("/baselines", {"limit": 200}),
    )
    drifted, recent_ones = answers["drifted"]["items"], answers["recent"]["items"]
    if not drifted and not recent_ones:
        show_what_is_needed()
        return
    spells = find_spells(drifted)
    _show_standing(spells, recent_ones)
    marks = [*read_marks(answers.get("events")), *_release_marks(answers.get("releases"), view)]
    names = _names(answers.get("baselines"))
    _show_map(visit, view, [*drifted, *recent_ones], names, marks)
    _show_spells(visit, view, spells, names)


def show_what_is_needed() -> None:
    """For a project whose windows say nothing: what it takes."""
    box(
        "No window of this time was checked yet",
        "Every hour and every day with calls is compared, two minutes after its end, with the same hour of"
        " the week, or with the seven days before. It takes 200 sessions or traces on both sides, of shares"
        " such as refusals 50. Widen the time range, or compare any two releases or times yourself under"
        " “check”.",
    )


def _show_standing(spells: Sequence[Spell], recent: Sequence[Verdict]) -> None:
    """The newest verdict on the project, in words."""
    newest = next((one for one in recent if one["slice_by"] == "project"), None)
    if newest is not None:
        until = units.ago(newest["window_end"])
        note(f"The newest window ended {until}: {newest['reason']}")
    if not spells:
        _show_calm(recent)


def _show_calm(recent: Sequence[Verdict]) -> None:
    """Silence is no verdict: where nothing could be told, that is said."""
    if any(one["answer"] == "no" for one in recent):
        box("Nothing drifted in this time", "Where there was too little data, the map below is grey.", "good")
    else:
        box(
            "Cannot tell yet whether anything drifted",
            "It takes 200 sessions or traces on both sides of a window to say no. Days have more than hours:"
            " widen the time range to see them, or compare two times yourself under “check”.",
        )


def _show_map(
    visit: Visit, view: View, known: Sequence[Verdict], names: Mapping[str, str], marks: Sequence[Mark]
) -> None:
    slices = dict.fromkeys((one["slice_by"], one["slice_value"]) for one in known)
    options = sorted(slices, key=lambda pair: pair[0] != "project")
    with panel(
        "Which feature, when",
        tip="Green: no drift. Orange: minor, red: major. Grey: cannot tell yet. Lines: releases, providers.",
    ):
        by, value = st.selectbox(
            "Slice",
            options,
            format_func=lambda pair: plain.short(slice_name(*pair), 60),
            key="drift_slice",
            width=420,
        )
        wanted = {"slice_by": by, "slice_value": value, "limit": MOST}
        found = visit.ask(course=Question("/drift", {**view.window(), **wanted}))["course"]
        _draw(visit, [one for one in found["items"] if one["slice_value"] == value], names, marks)
        if found["next_cursor"]:
            note("The newest of more windows: shorten the time range to see older ones.")


def _draw(visit: Visit, course: Sequence[Verdict], names: Mapping[str, str], marks: Sequence[Mark]) -> None:
    kinds = {_kind_name(one, names): (series_of(one), length_of(one)) for one in course}
    if not kinds:
        note("No window of this slice was checked in this time.")
        return
    chosen = st.segmented_control(
        "Windows and baseline",
        list(kinds),
        default=next(iter(kinds)),
        key=f"drift_kind_{len(kinds)}",
        required=True,
        label_visibility="collapsed",
    )
    shown = [one for one in course if (series_of(one), length_of(one)) == kinds.get(chosen)]
    if not shown:
        return
    first, last = shown[-1]["window_start"], shown[0]["window_end"]
    figure = build_verdicts(shown, visit.zone)
    chart(
        mark(figure, [one for one in marks if first <= one.time <= last], visit.zone),
        "drift_map",
        shown[0]["reason"],
    )


def _kind_name(verdict: Verdict, names: Mapping[str, str]) -> str:
    series = series_of(verdict)
    against = "the usual" if series == USUAL_NAME else names.get(series, series)
    each = units.duration_s(length_of(verdict).total_seconds())
    return plain.markdown(plain.short(f"each {each}, against {against}", 60))


def _show_spells(visit: Visit, view: View, spells: Sequence[Spell], names: Mapping[str, str]) -> None:
    if not spells:
        return

    def choose(row: Mapping[str, Any]) -> None:
        st.session_state[CHOSEN] = row["key"]

    with panel("What changed", tip="A click shows one whole. Windows with drift on end are one change."):
        show_table(visit, [_row(spell, names) for spell in spells], SPELLS, "spells", choose)
    chosen = next((one for one in spells if _key(one) == st.session_state.get(CHOSEN)), spells[0])
    worst = chosen.worst
    st.markdown(
        f"**The window from {units.local_time(worst['window_start'], visit.zone)}"
        f" to {units.local_time(worst['window_end'], visit.zone)}**"
    )
    _show_ways(visit, view, worst)
    show_verdict(visit, view, worst, "window")


def _show_ways(visit: Visit, view: View, verdict: Verdict) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        with st.popover("Make an alert of it", icon=":material/notifications:"):
            ask_for_alarm(visit, verdict)
        link("Alerts and silences", "alerts", view, icon=":material/notifications_off:", part="silences")


def _row(spell: Spell, names: Mapping[str, str]) -> dict[str, Any]:
    worst = spell.worst
    return {
        "key": _key(spell),
        "start": spell.start,
        "end": spell.end,
        "slice": slice_name(worst["slice_by"], worst["slice_value"]),
        "verdict": ANSWERS[worst["answer"]],
        "windows": len(spell.windows),
        "each": units.duration_s(length_of(worst).total_seconds()),
        "against": names.get(worst["baseline"], worst["baseline"]),
        "reason": worst["reason"],
    }


def _key(spell: Spell) -> tuple[str, ...]:
    worst = spell.worst
    return series_of(worst), worst["slice_by"], worst["slice_value"], str(length_of(worst)), spell.end


def _names(baselines: Mapping[str, Any] | None) -> dict[str, str]:
    return {one["id"]: one["name"] for one in (baselines or {}).get("items", ())}


def _release_marks(releases: Mapping[str, Any] | None, view: View) -> list[Mark]:
    start = render_time(view.start)
    return [
        Mark(one["first_seen"], one["release"], f"release {one['release']} was first seen")
        for one in (releases or {}).get("items", ())
        if one["first_seen"] >= start
    ]
