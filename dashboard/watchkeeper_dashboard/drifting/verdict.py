"""One verdict whole: how sure, what changed by how much, which strings tell, which answers show it."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.charts.distributions import build_distribution
from watchkeeper_dashboard.client import Question, path_of
from watchkeeper_dashboard.conversation import show_conversation
from watchkeeper_dashboard.drifting.words import ANSWERS, DRIFT, TONES, slice_name
from watchkeeper_dashboard.panels import chart, chips, panel
from watchkeeper_dashboard.places import link
from watchkeeper_dashboard.states import box, note, section
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

Verdict = Mapping[str, Any]
FEATURES = (
    Column("Feature", lambda row: row["feature"].replace("_", " "), "text", "", "medium"),
    Column("Verdict", lambda row: ANSWERS.get(row["answer"], row["answer"])),
    Column("Before", lambda row: _shown(row, "before"), "text", "A share, a median, or the commonest kind."),
    Column("After", lambda row: _shown(row, "after")),
    Column("Effect", lambda row: _digits(row["effect"]), "text", "See docs/drift.md: D, points, PSI, AUC."),
    Column("Unmatched", lambda row: _digits(row["raw_effect"]), "text", "Without matching the mix."),
    Column("p", lambda row: _digits(row["adjusted_p"]), "text", "Corrected for all that was asked.", 90),
    Column("Units", lambda row: f"{row['before_units']:,} / {row['after_units']:,}"),
    Column("In words", "reason", "text", "", "large"),
)
STRINGS = (
    Column("String", lambda row: row["text"].replace("\n", "⏎"), "text", "", "large"),
    Column("What it is", "name"),
    Column("Before", "before", "ratio", "Of the answers that were read."),
    Column("After", "after", "ratio"),
)
MOST_CHARTS = 6
RANKS = {"major": 0, "minor": 1, "unknown": 2, "no": 3}


def show_verdict(visit: Visit, view: View, verdict: Verdict, key: str) -> None:
    """``verdict`` is a slice of a check or of a window."""
    answer = verdict["answer"]
    title = f"{slice_name(verdict['slice_by'], verdict['slice_value'])}: {ANSWERS.get(answer, answer)}"
    box(plain.short(title, 120), verdict["reason"], TONES.get(answer, ""))
    _show_mix(verdict)
    features = sorted(verdict["features"], key=lambda one: (RANKS.get(one["answer"], 4), one["adjusted_p"]))
    if not features:
        note("Nothing of it could be compared: one side has no calls.")
        return
    _show_charts([one for one in features if one["answer"] in DRIFT][:MOST_CHARTS], key)
    with panel("Every feature", tip="Units are sessions, else traces. What drifted is on top."):
        show_table(visit, features, FEATURES, f"features_{key}")
    show_why(visit, view, verdict["explanation"], key)


def _show_mix(verdict: Verdict) -> None:
    mix = verdict["mix"]
    chips(
        [
            ("compared", f"{mix['before_matched']:,} before, {mix['after_matched']:,} after"),
            ("of", f"{mix['before_units']:,} and {mix['after_units']:,} sessions or traces"),
            ("only on one side", f"{mix['only_before'] + mix['only_after']:,}"),
            ("windows on end", f"{verdict.get('windows', 0)}"),
            ("needs", f"{verdict['needs']:,} more" if verdict["needs"] else ""),
        ]
    )


def _show_charts(drifted: Sequence[Mapping[str, Any]], key: str) -> None:
    figures = [(one, build_distribution(one)) for one in drifted]
    drawn = [(one, figure) for one, figure in figures if figure is not None]
    if not drawn:
        return
    with st.grid(2, gap="small", min_column_width=320):
        for one, figure in drawn:
            with panel(
                one["feature"].replace("_", " ").capitalize(), tip="Shares of the units on either side."
            ):
                chart(figure, f"distribution_{key}_{one['feature']}", plain.short(one["reason"], 200))


def show_why(visit: Visit, view: View, explanation: Mapping[str, Any], key: str) -> None:
    """Strings that became frequent or rare, and example pairs."""
    strings = [*explanation.get("more", ()), *explanation.get("fewer", ())]
    examples = explanation.get("examples", ())
    if not strings and not examples:
        return
    with panel("Why: what tells the answers apart", tip="Only strings that five answers or more have."):
        if strings:
            show_table(visit, strings, STRINGS, f"strings_{key}")
        for place, pair in enumerate(examples):
            _show_pair(visit, view, pair, f"{key}_{place}")


def _show_pair(visit: Visit, view: View, pair: Mapping[str, Any], key: str) -> None:
    same = "to the same question" if pair["is_same_question"] else "to different questions"
    with st.expander(f"An answer of before and one of after, {same}"):
        is_told = "answer" in pair["before"]
        is_wanted = is_told or st.button("Show what was said", key=f"told_{key}", icon=":material/forum:")
        for place, (column, side) in enumerate(
            zip(st.columns(2, gap="small"), ("before", "after"), strict=True)
        ):
            with column, section(visit, f"example_{key}_{place}"):
                st.caption(side.capitalize())
                if is_told:
                    _show_said(pair[side])
                elif is_wanted:
                    path = path_of("traces", pair[side]["trace_id"], "spans", pair[side]["span_id"])
                    show_conversation(visit.ask(span=Question(path))["span"])
                link("Its trace", "trace", view, icon=":material/account_tree:", id=pair[side]["trace_id"])


def _show_said(said: Mapping[str, str]) -> None:
    for role, text in (("user", said["question"]), ("assistant", said["answer"])):
        body = f'<div class="wk-text">{plain.html(text)}</div>'
        st.html(f'<div class="wk-turn wk-{role}"><header>{role}</header>{body}</div>')


def _digits(value: float | None) -> str:
    return units.NOTHING if value is None else f"{value:.2g}" if abs(value) < 1000 else f"{value:,.0f}"


def _shown(feature: Mapping[str, Any], side: str) -> str:
    """A share, a median or a kind, as the API writes it."""
    text = str(feature[side])
    try:
        value = float(text)
    except ValueError:
        return text
    if "before_hits" in feature["figures"]:
        return units.ratio(value)
    unit = next((unit for unit in ("usd", "ms") if feature["feature"].endswith(f"_{unit}")), "count")
    return units.render(float(f"{value:.4g}"), unit)
