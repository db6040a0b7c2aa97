"""How alike the answers to identical inputs are, over time and by release."""

import streamlit as st

from watchkeeper_dashboard import units
from watchkeeper_dashboard.charts.series import build_lines, name_of, read_groups
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.panels import chart, panel
from watchkeeper_dashboard.states import box
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

PARTS = ("release", "model", "response_model", "prompt_version", "feature")
FIGURES = {
    "similarity": "Text in common",
    "exact": "Equal answers",
    "json_agreement": "Equal JSON",
}
MOST_LINES = 8
COLUMNS = (
    Column("Of", lambda row: name_of(row["part"]), "text", "", "medium"),
    Column("Inputs", "inputs", "count", "That were given more than once."),
    Column("Answers", "answers", "count"),
    Column("Equal answers", "exact", "ratio", "The chance that two answers are equal."),
    Column("Text in common", "similarity", "ratio", "The share of their text that two have in common."),
    Column("Equal JSON", "json_agreement", "ratio", "The chance that two JSON answers are one document."),
)


def show_consistency(visit: Visit, view: View) -> None:
    with st.container(horizontal=True):
        by = st.segmented_control("By", PARTS, default="release", key="consistency_by", required=True)
        figure = st.segmented_control(
            "Shown",
            list(FIGURES),
            default="similarity",
            format_func=lambda name: FIGURES[name],
            key="consistency_of",
            required=True,
        )
    step = "1h" if view.span.total_seconds() <= 2 * units.DAY_S else "1d"
    asked = {**view.window(), "by": by}
    answers = visit.ask(
        whole=Question("/drift/consistency", asked),
        course=Question("/drift/consistency", {**asked, "step": step}),
    )
    parts = answers["whole"]["items"]
    if not parts:
        box(
            "No input was given twice in this time",
            "Where the same messages are sent to the same model with the same parameters more than once,"
            " as by a nightly test set or a cache that was missed, this shows how alike the answers are.",
        )
        return
    with panel(
        FIGURES[figure],
        tip=f"Of answers to identical inputs within each {step}, of the {MOST_LINES} with most.",
    ):
        most = [part["part"] for part in sorted(parts, key=lambda part: -part["answers"])[:MOST_LINES]]
        course = answers["course"]["items"]
        rows = [row for row in course if row[figure] is not None and row["part"] in most]
        series = read_groups(rows, "part", figure, "ratio", visit.palette)
        chart(build_lines(series, visit.zone), "consistency")
    with panel("Over the whole time"):
        show_table(visit, parts, COLUMNS, "consistency_parts")
