"""A check of any two slices, while one waits."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain
from watchkeeper_dashboard.client import ApiError, Question
from watchkeeper_dashboard.drifting.verdict import show_verdict
from watchkeeper_dashboard.drifting.words import ANSWERS, TONES, slice_name
from watchkeeper_dashboard.panels import panel
from watchkeeper_dashboard.states import box, note
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

FOUND = "_drift_check"
RELEASE, TIMES = "a release", "a time"
ROLLING, SEASON, SAVED = "the days before", "the same hours of four weeks", "a kept baseline"


def show_check(visit: Visit, view: View) -> None:
    answers = visit.ask(
        releases=Question("/releases", view.window()), baselines=Question("/baselines", {"limit": 200})
    )
    releases = [one["release"] for one in (answers.get("releases") or {}).get("items", ())]
    with panel("Compare", tip="Sessions, else traces, are the units; the mix of traffic is matched."):
        asked = _ask_for_sides(view, releases, answers["baselines"]["items"])
    if asked is not None:
        _check(visit, asked)
    if (found := st.session_state.get(FOUND)) is not None:
        _show_found(visit, view, found)


def _ask_for_sides(
    view: View, releases: Sequence[str], baselines: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """What ``POST /drift/check`` takes; ``None`` while nobody asked."""
    left, right = st.columns(2, gap="small")
    with left:
        candidate = _ask_for_candidate(view, releases)
    with right:
        baseline = _ask_for_baseline(releases, baselines)
    query = st.text_input(
        "Filter of both sides", key="check_filter", max_chars=4096, placeholder="environment:production"
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        with_slices = st.toggle("Each model, prompt and feature too", value=True, key="check_slices")
        with_text = st.toggle("Texts too", value=True, key="check_text")
        is_wanted = st.button("Compare", type="primary", icon=":material/compare_arrows:")
    if not is_wanted:
        return None
    return {
        "candidate": {**candidate, "filter": query},
        "baseline": {**baseline, "filter": query} if baseline["kind"] != "saved" else baseline,
        "with_slices": with_slices,
        "with_text": with_text,
    }


def _ask_for_candidate(view: View, releases: Sequence[str]) -> dict[str, str]:
    kinds = [TIMES, RELEASE] if releases else [TIMES]
    kind = st.segmented_control("These calls", kinds, default=TIMES, key="candidate_kind", required=True)
    if kind == RELEASE:
        return {"release": _choose_release(releases, "candidate_release", 0)}
    note(f"The time range above: {view.range}.")
    return view.window()


def _ask_for_baseline(releases: Sequence[str], baselines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    kinds = [ROLLING, SEASON, *([RELEASE] if releases else []), *([SAVED] if baselines else [])]
    kind = st.segmented_control("Against", kinds, default=ROLLING, key="baseline_kind", required=True)
    match kind:
        case "a release":
            return {"kind": "pinned", "release": _choose_release(releases, "baseline_release", 1)}
        case "a kept baseline":
            names = {one["id"]: one["name"] for one in baselines}
            chosen = st.selectbox(
                "Baseline",
                list(names),
                format_func=lambda one: plain.short(names[one], 60),
                key="check_saved",
            )
            return {"kind": "saved", "id": chosen}
        case "the days before":
            days = st.number_input("Days", 1, 400, 7, key="check_days")
            return {"kind": "rolling", "days": int(days)}
        case _:
            return {"kind": "season"}


def _choose_release(releases: Sequence[str], key: str, place: int) -> str:
    return st.selectbox(
        "Release",
        releases,
        index=min(place, len(releases) - 1),
        format_func=lambda one: plain.short(one, 60),
        key=key,
    )


def _check(visit: Visit, asked: Mapping[str, Any]) -> None:
    st.session_state.pop(FOUND, None)
    try:
        with st.spinner("Comparing …"):
            st.session_state[FOUND] = visit.collector.send("POST", "/drift/check", dict(asked))
    except ApiError as error:
        box("This can't be compared", error.message, "warning")


def _show_found(visit: Visit, view: View, found: Mapping[str, Any]) -> None:
    slices = found["slices"]
    answer = found["answer"]
    box(ANSWERS.get(answer, answer).capitalize(), found["reason"], TONES.get(answer, ""))
    if found["content_hidden"]:
        note("This key lacks the scope content: examples are shown without their texts.")
    place = st.selectbox(
        "Slice",
        range(len(slices)),
        format_func=lambda place: _slice_label(slices[place]),
        key="check_slice",
    )
    show_verdict(visit, view, slices[min(place or 0, len(slices) - 1)], "check")


def _slice_label(one: Mapping[str, Any]) -> str:
    name = slice_name(one["slice_by"], one["slice_value"])
    return plain.short(f"{name}: {ANSWERS.get(one['answer'], one['answer'])}", 80)
