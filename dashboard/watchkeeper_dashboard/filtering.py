"""Ways to a filter without typing it: values to click on, and a form that completes keys and values."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.client import Question
from watchkeeper_dashboard.states import note
from watchkeeper_dashboard.view import View, condition, join_filters
from watchkeeper_dashboard.visit import Visit

FACETS: Mapping[str, str] = {
    "status": "Status",
    "kind": "Kind",
    "model": "Model",
    "service": "Service",
    "environment": "Environment",
    "release": "Release",
    "feature": "Feature",
    "user": "User",
}
MOST_VALUES = 6
NAME_CHARS = 24
COMPARISONS = {"usd": "cost", "number": "count", "duration_ns": "time", "duration_ms": "time"}


def facet_question(view: View) -> Question:
    return Question("/facets", {**view.slice(), "fields": ",".join(FACETS), "limit": MOST_VALUES})


def show_facets(facets: Mapping[str, Any]) -> None:
    """Values with their numbers; a click adds the value to the filter."""
    if facets["is_estimated"]:
        share = min(facet["sampled_share"] for facet in facets["facets"])
        note(f"Numbers are estimated from {units.ratio(share)} of the spans.")
    for facet in facets["facets"]:
        values = [value for value in facet["values"] if value["value"]]
        if values:
            _show_facet(facet["field"], values)


def show_builder(visit: Visit, view: View) -> None:
    """One condition, chosen and not typed."""
    vocabulary = visit.ask(vocabulary=Question("/vocabulary"))["vocabulary"]
    fields = {field["name"]: field for field in vocabulary["fields"]}
    name = st.selectbox(
        "Field", list(fields), key="builder_field", help="Fields of spans that a filter can ask for."
    )
    field = fields[name]
    note(field["description"])
    if field["compared_as"] == "fact":
        st.button("Add", key="builder_add", type="primary", on_click=add_condition, args=(name,))
    elif field["compared_as"] == "text":
        _show_text_builder(visit, view, name)
    else:
        _show_number_builder(name)


def add_condition(text: str) -> None:
    """Put a further condition into the filter bar; one that is there already is taken out."""
    current = str(st.session_state.get("filter") or "")
    parts = current.split(f" {text}") if f" {text}" in f" {current}" else None
    if parts is not None and f" {text} " in f" {current} ":
        st.session_state["filter"] = f" {current} ".replace(f" {text} ", " ").strip()
    else:
        st.session_state["filter"] = join_filters(current, text)


def _show_facet(field: str, values: Sequence[Mapping[str, Any]]) -> None:
    with st.container(gap=None, key=f"facet_{field}"):
        st.markdown(f"**{FACETS.get(field, field)}**")
        for place, value in enumerate(values):
            name = plain.markdown(plain.short(value["value"], NAME_CHARS))
            label = f"{name} :gray[{units.count(value['count'])}]"
            st.button(
                label,
                key=f"facet_{field}_{place}",
                type="tertiary",
                on_click=add_condition,
                args=(condition(field, value["value"]),),
            )


def _show_text_builder(visit: Visit, view: View, name: str) -> None:
    question = Question("/facets", {**view.window(), "fields": name, "limit": 200})
    answer = visit.ask(values=question).get("values")
    known = [value["value"] for value in answer["facets"][0]["values"] if value["value"]] if answer else []
    value = st.selectbox(
        "Value", known, index=None, key="builder_value", accept_new_options=True, placeholder="Choose or type"
    )
    chosen = condition(name, value) if value else ""
    with st.container(horizontal=True):
        st.button(
            "Only these",
            key="builder_add",
            type="primary",
            disabled=not chosen,
            on_click=add_condition,
            args=(chosen,),
        )
        st.button(
            "All but these",
            key="builder_not",
            disabled=not chosen,
            on_click=add_condition,
            args=(f"-{chosen}",),
        )


def _show_number_builder(name: str) -> None:
    sign, number = st.columns((1, 2))
    comparison = sign.selectbox("Is", [">", ">=", "<", "<=", "="], key="builder_sign")
    value = number.text_input("Number", key="builder_number", placeholder="2s, 10k, 0.05")
    st.button(
        "Add",
        key="builder_add",
        type="primary",
        disabled=not value.strip(),
        on_click=add_condition,
        args=(f"{name}:{comparison}{value.strip()}",),
    )
