"""Prices: the models that have none, the form that sets one, and pricing again what is stored."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.client import ApiError, Question
from watchkeeper_dashboard.panels import panel
from watchkeeper_dashboard.states import box, note
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View, render_time
from watchkeeper_dashboard.visit import Visit

REASONS = {
    "no_price": "no price is known",
    "no_usage": "the sender told no tokens",
    "contradictory_usage": "the tokens contradict each other",
}
UNPRICED = (
    Column("Provider", "provider"),
    Column("Model", "model", "text", "", "medium"),
    Column("Calls", "calls", "count"),
    Column("Why", lambda row: REASONS.get(row["reason"], row["reason"]), "text", "", "medium"),
    Column("Tokens read", "input_tokens", "count"),
    Column("Tokens written", "output_tokens", "count"),
    Column("Last seen", "last_seen", "ago"),
)
PRICES = (
    Column("Provider", "provider"),
    Column("Model", "model", "text", "", "medium"),
    Column("Read", lambda row: _per_million(row, "input_tokens"), "text", "USD for a million tokens."),
    Column("Written", lambda row: _per_million(row, "output_tokens"), "text", "USD for a million tokens."),
    Column(
        "From cache", lambda row: _per_million(row, "cache_read_tokens"), "text", "USD for a million tokens."
    ),
    Column("Tier", "service_tier"),
    Column("From", "source", "text", "The catalogue, or an override that people set."),
    Column("Taken for", "priced_as", "text", "The catalogue's entry that the model was taken for."),
)


def show_prices(visit: Visit, view: View) -> None:
    with st.container(horizontal=True):
        model = st.text_input("Model", key="price_model", placeholder="prices of one model", width=320)
    answers = visit.ask(
        unpriced=Question("/prices/unpriced", {"start": render_time(view.start)}),
        prices=Question("/prices", {"model": model.strip(), "limit": 200}),
    )
    missing = answers["unpriced"]["items"]
    with panel("Calls without a price", tip="Their cost is not known, and missing in every sum."):
        if missing:
            show_table(visit, missing, UNPRICED, "unpriced")
            _set_price(visit, view, [row for row in missing if row["reason"] == "no_price"])
        else:
            box("Every call has a price", "All models that were used in this window are priced.", "good")
    with panel("Prices in force", tip="The project's own go before the catalogue's."):
        show_table(visit, answers["prices"]["items"], PRICES, "prices")


def _set_price(visit: Visit, view: View, missing: list[Mapping[str, Any]]) -> None:
    if not missing:
        return
    names = [f"{row['provider']} / {row['model']}" for row in missing]
    with st.form("price", border=False):
        st.markdown("**Set a price**", help="In USD for a million tokens. It holds for this project.")
        place = st.selectbox("Of", range(len(names)), format_func=lambda place: plain.short(names[place], 90))
        read, written, cached = st.columns(3)
        input_usd = read.number_input("Read", min_value=0.0, step=0.1, format="%.4f")
        output_usd = written.number_input("Written", min_value=0.0, step=0.1, format="%.4f")
        cache_usd = cached.number_input("From cache", min_value=0.0, step=0.1, format="%.4f", value=None)
        reprice = st.checkbox("Also price what is stored in this window", value=True)
        is_wanted = st.form_submit_button("Set price", type="primary")
    if is_wanted:
        chosen = missing[place]
        prices = {"input_tokens": input_usd, "output_tokens": output_usd}
        if cache_usd is not None:
            prices["cache_read_tokens"] = cache_usd
        _send(visit, view, chosen, prices, reprice=reprice)


def _send(
    visit: Visit, view: View, row: Mapping[str, Any], prices: Mapping[str, float], *, reprice: bool
) -> None:
    names = {"provider": row["provider"], "model": row["model"]}
    try:
        visit.send("PUT", "/prices", {**names, "steps": [{"usd_per_million": prices}]})
        started = visit.send("POST", "/prices/reprice", {**names, **view.window()}) if reprice else None
    except ApiError as error:
        box("The price was not set", error.message, "warning")
        return
    if started:
        estimate = started["estimate"]
        note(
            f"The price is set. {units.count(estimate['changed_calls'])} stored calls are priced again in the"
            f" background: {units.usd(estimate['stored_usd'])} become {units.usd(estimate['repriced_usd'])}."
        )
    else:
        note("The price is set, for calls from now on.")


def _per_million(row: Mapping[str, Any], unit: str) -> str:
    value = row["steps"][0]["usd_per_million"].get(unit) if row["steps"] else None
    return "" if value is None else f"${value:g}"
