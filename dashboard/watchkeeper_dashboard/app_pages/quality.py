"""Quality: what answers are worth, by scores and by what is seen of them, and the queue to judge more."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from watchkeeper_dashboard import plain, theme, units
from watchkeeper_dashboard.charts.series import Line, Series, build_lines, read_groups
from watchkeeper_dashboard.client import Answers, Question
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import Card, chart, panel, show_cards
from watchkeeper_dashboard.reviewing import show_queue
from watchkeeper_dashboard.states import note, section
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

RATES = (
    Card("refusal_rate", "Refusals", "less"),
    Card("empty_rate", "Empty answers", "less"),
    Card("truncation_rate", "Cut off", "less"),
    Card("invalid_json_rate", "Invalid JSON", "less"),
    Card("tool_error_rate", "Failing tools", "less"),
    Card("error_rate", "Failed calls", "less"),
)
DIMENSIONS = ("model", "prompt_version", "release", "prompt", "feature", "service")
COLUMNS = (
    Column("Score", "name", "text", "", "medium"),
    Column("Given", "count", "count"),
    Column("Traces", "trace_count", "count"),
    Column("Mean", "mean", "number", "Of those with a value; true counts 1."),
    Column("Least", "low", "number"),
    Column("Greatest", "high", "number"),
    Column("Words", lambda row: _labels(row), "text", "The most frequent ones.", "medium"),  # noqa: PLW0108
    Column("From", "sources", "list"),
    Column("Last", "last_seen", "ago"),
)
TOP = 6


def show(visit: Visit, view: View) -> None:
    vocabulary = visit.ask(vocabulary=Question("/vocabulary"))["vocabulary"]
    known = {measure["name"] for measure in vocabulary["measures"]}
    cards = [card for card in RATES if card.measure in known]
    measures = [card.measure for card in cards]
    by = st.segmented_control(
        "Split by",
        DIMENSIONS,
        default="model",
        key="by",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    answers = visit.ask(
        totals=view.query(*measures, compare=view.comparison),
        course=view.query(*measures, step="auto"),
        table=view.query("calls", *measures, by=by, limit=10, order="-calls"),
        names=Question("/scores/names", view.slice()),
    )
    show_cards(cards, answers["totals"], answers["course"], view, columns=len(cards))
    _show_rates(visit, cards, by, answers)
    with section(visit, "scores"):
        _show_scores(visit, view, by, answers)
    with section(visit, "queue"):
        show_queue(visit, view)


def _show_rates(visit: Visit, cards: Sequence[Card], by: str, answers: Answers) -> None:
    rows = answers["course"]["rows"]
    left, right = st.columns((2, 3), gap="small")
    with left, panel("What is seen of answers", tip="Rates over time; each is defined at its card above."):
        lines = [
            Line(card.title, [row[card.measure] for row in rows], theme.SERIES[place])
            for place, card in enumerate(cards)
        ]
        chart(build_lines(Series([row["time"] for row in rows], lines, "ratio"), visit.zone, 420), "rates")
    with right, panel(f"By {by.replace('_', ' ')}"):
        columns = [
            Column(by.replace("_", " ").capitalize(), lambda row: row[by] or "(none)", "text", "", "medium")
        ]
        columns += [Column("Calls", "calls", "count")]
        columns += [Column(card.title, card.measure, "ratio") for card in cards]
        show_table(visit, answers["table"]["rows"], columns, f"rates_{by}")


def _show_scores(visit: Visit, view: View, by: str, answers: Answers) -> None:
    names = answers["names"]["items"]
    with panel("Scores", tip="Feedback of users, verdicts of reviewers and of programs."):
        if not names:
            note("No score was given here. Applications give them with watchkeeper.score(…), people below.")
            return
        show_table(visit, names, COLUMNS, "names")
        numeric = [score["name"] for score in names if score["mean"] is not None]
        if numeric:
            _show_course(visit, view, by, numeric)


def _show_course(visit: Visit, view: View, by: str, names: Sequence[str]) -> None:
    chosen = st.selectbox(
        "Over time", names, key="score_name", format_func=lambda name: plain.short(name, 60), width=320
    )
    measure = f"score.{chosen}"
    with section(visit, "score"):
        rows = visit.ask(score=view.query(measure, by=by, step="auto", limit=TOP))["score"]["rows"]
        chart(build_lines(read_groups(rows, by, measure, "count", visit.palette), visit.zone), "score_course")


def _labels(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{found['label']} {units.count(found['count'])}" for found in row["labels"])


show_page(show)
