"""Data and settings: how ingest does, what is stored, prices, keys."""

import streamlit as st
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.keyring import show_keys
from watchkeeper_dashboard.pricing import show_prices
from watchkeeper_dashboard.states import section
from watchkeeper_dashboard.upkeep import show_about, show_ingest, show_senders, show_storage
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

PARTS = {
    "ingest": show_ingest,
    "senders": show_senders,
    "storage": show_storage,
    "prices": show_prices,
    "keys": show_keys,
    "about": show_about,
}


def show(visit: Visit, view: View) -> None:
    part = st.segmented_control(
        "Part",
        list(PARTS),
        default="ingest",
        key="part",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    with section(visit, part):
        PARTS[part](visit, view)


show_page(show)
