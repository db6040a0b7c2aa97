"""Two releases compared: may the second one ship."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.charts.intervals import build_intervals
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.drifting.verdict import show_why
from watchkeeper_dashboard.panels import chart, panel
from watchkeeper_dashboard.states import Tone, box, note, section
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

Measure = Mapping[str, Any]
TITLES: Mapping[str, str] = {
    "pass": "Pass",
    "fail": "Fail",
    "unknown": "Cannot tell yet",
    "warn": "Changed, which is no fault by itself",
}
TONES: Mapping[str, Tone] = {"pass": "good", "fail": "bad", "unknown": "", "warn": "warning"}
RANKS = {"fail": 0, "unknown": 1, "warn": 2, "pass": 3}
COLUMNS = (
    Column("Measure", "label", "text", "", "medium"),
    Column("Verdict", lambda row: TITLES.get(row["verdict"], row["verdict"])),
    Column("Before", lambda row: render_value(row, row["before"])),
    Column("After", lambda row: render_value(row, row["after"])),
    Column("Worse by", lambda row: render_change(row, row["change"])),
    Column("95 % interval", lambda row: render_interval(row), "text", "", "medium"),  # noqa: PLW0108
    Column("Tolerance", lambda row: render_change(row, row["tolerance"]), "text", "See docs/releases.md."),
    Column("Needs", lambda row: row["needs"] or None, "count", "About so many units more, to tell."),
    Column("Units", lambda row: f"{row['before_units']:,} / {row['after_units']:,}"),
)


def show_comparison(visit: Visit, view: View, releases: Sequence[str]) -> None:
    """The newest against the one before it, unless somebody chooses."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        baseline = _choose("Known to be well", releases, "baseline", 1)
        candidate = _choose("May it ship", releases, "candidate", 0)
    if baseline == candidate:
        note("Choose two releases.")
        return
    sides = {"baseline": f"release:{baseline}", "candidate": f"release:{candidate}"}
    with st.spinner("Comparing …"):
        asked = Question("/compare", {**sides, "filter": view.filter})
        found = visit.ask(comparison=asked)["comparison"]
    title = f"{TITLES.get(found['verdict'], found['verdict'])}: {candidate} against {baseline}"
    box(plain.short(title, 120), found["reason"], TONES.get(found["verdict"], ""))
    _show_command(baseline, candidate, view.filter)
    if found["measures"]:
        _show_measures(visit, found["measures"])
    if found["text"]:
        with section(visit, "release_text"):
            _show_text(visit, view, found["text"])


def render_value(measure: Measure, value: float | None) -> str:
    """By the measure's kind, or its unit where its name has one."""
    if measure["kind"] == "share":
        return units.ratio(value)
    name = measure["measure"]
    unit = "usd" if name.endswith("_usd") else "ms" if name.endswith("_ms") else "count"
    return units.render(value, unit)


def render_change(measure: Measure, change: float | None) -> str:
    """Positive is worse."""
    if change is None:
        return units.NOTHING
    match measure["kind"]:
        case "share":
            return f"{100 * change:+.1f} points"
        case "amount":
            return f"{100 * change:+.0f}{units.THIN}%"
        case _:
            return f"{change:+.2f} sd"


def render_interval(measure: Measure) -> str:
    return f"{render_change(measure, measure['low'])} to {render_change(measure, measure['high'])}"


def _choose(label: str, releases: Sequence[str], key: str, place: int) -> str:
    return st.selectbox(
        label,
        releases,
        index=min(place, len(releases) - 1),
        format_func=lambda one: plain.short(one, 60),
        key=key,
        bind="query-params",
        width=260,
    )


def _show_command(baseline: str, candidate: str, query: str) -> None:
    """The same in CI."""
    words = ["watchkeeper gate", f"--baseline {_quoted(f'release:{baseline}')}"]
    words += [f"--candidate {_quoted(f'release:{candidate}')}"]
    words += [f"--filter {_quoted(query)}"] if query else []
    with st.expander("The same in CI", icon=":material/terminal:"):
        st.code(plain.clean(" ".join(words)), language="shell")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _show_measures(visit: Visit, measures: Sequence[Measure]) -> None:
    ordered = sorted(measures, key=lambda one: RANKS.get(one["verdict"], 4))
    with panel(
        "How much worse, in tolerances",
        tip="The dot is the change, the bar its 95 % interval. It passes where the bar ends before the dashed"
        " line, and fails where the dot is beyond it and the change is beyond chance.",
    ):
        chart(build_intervals(ordered), "intervals", plain.short(ordered[0]["reason"], 200))
    with panel("Every measure"):
        show_table(visit, ordered, COLUMNS, "measures")


def _show_text(visit: Visit, view: View, text: Mapping[str, Any]) -> None:
    verdict = TITLES.get(text["verdict"], text["verdict"])
    box(plain.short(f"Text of the answers: {verdict}", 120), text["reason"], TONES.get(text["verdict"], ""))
    show_why(visit, view, text["explanation"], "release")
