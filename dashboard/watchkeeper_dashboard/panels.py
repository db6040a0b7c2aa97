"""The parts that pages are made of: framed panels, cards with a sparkline, charts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.charts.canvas import CONFIG
from watchkeeper_dashboard.view import View

Better = Literal["more", "less", "neither"]
DELTA_COLOURS: Mapping[str, Literal["normal", "inverse", "off"]] = {
    "more": "normal",
    "less": "inverse",
    "neither": "off",
}
SMALL_CHANGE = 0.005


@dataclass(frozen=True, slots=True)
class Card:
    """A measure as a number, with its course and its change. ``better`` says what the reader hopes for."""

    measure: str
    title: str
    better: Better = "neither"


@contextmanager
def panel(title: str, *, tip: str = "", key: str | None = None) -> Iterator[None]:
    """A framed part of a page. The title is ours, never telemetry's."""
    with st.container(border=True, key=key, height="stretch", gap="xsmall"):
        st.markdown(f"**{title}**", help=tip or None)
        yield


def chart(figure: go.Figure, key: str, alt: str = "") -> None:
    st.plotly_chart(figure, key=key, config=CONFIG, alt=alt or None)


def show_cards(
    cards: Sequence[Card], totals: Mapping[str, Any], course: Mapping[str, Any], view: View, columns: int = 4
) -> None:
    """``totals`` is an answer with ``compare``, ``course`` one with a step; both of the cards' measures."""
    row = totals["rows"][0] if totals["rows"] else {}
    facts = {fact["name"]: fact for fact in totals["measures"]}
    with st.grid(columns, gap="xsmall", min_column_width=150):
        for card in cards:
            fact = facts[card.measure]
            _show_card(card, row, fact, [point[card.measure] for point in course["rows"]], view)


def _show_card(
    card: Card, row: Mapping[str, Any], fact: Mapping[str, str], course: Sequence[float | None], view: View
) -> None:
    change = row.get(f"{card.measure}_change")
    before = row.get(f"{card.measure}_before")
    is_still = change is None or abs(change) < SMALL_CHANGE
    tip = f"{fact['description']}. Compared with {view.before_in_words}"
    tip += (
        f" ({units.render(before, fact['unit'])})." if before is not None else ", of which nothing is known."
    )
    st.metric(
        card.title,
        units.render(row.get(card.measure), fact["unit"]).replace("$", "\\$"),
        delta=None if change is None else 0 if is_still else units.change(change),
        delta_color="off" if is_still else DELTA_COLOURS[card.better],
        delta_description=None,
        help=tip.replace("$", "\\$"),
        border=True,
        height="stretch",
        chart_data=[value or 0 for value in course[:-1]] if any(course) else None,  # the last is not over
        chart_type="area",
    )


def chips(pairs: Sequence[tuple[str, str]]) -> None:
    """Small labelled facts in a row; whatever their texts are, they are shown as they are."""
    parts = [
        f'<span class="wk-chip" title="{text}"><b>{plain.html(name)}</b>{text}</span>'
        for name, value in pairs
        if (text := plain.html(value))
    ]
    if parts:
        st.html(f'<div class="wk-chips">{"".join(parts)}</div>')


def facts(pairs: Sequence[tuple[str, str]]) -> None:
    """Names and values in two columns, shown as they are."""
    rows = "".join(
        f"<dt>{plain.html(name)}</dt><dd>{plain.html(value)}</dd>" for name, value in pairs if value
    )
    if rows:
        st.html(f'<dl class="wk-facts">{rows}</dl>')
