"""Data and settings: how ingest does, what is stored, prices, keys."""

from watchkeeper_dashboard.frame import show_page, show_parts
from watchkeeper_dashboard.keyring import show_keys
from watchkeeper_dashboard.pricing import show_prices
from watchkeeper_dashboard.upkeep import show_about, show_ingest, show_senders, show_storage

PARTS = {
    "ingest": show_ingest,
    "senders": show_senders,
    "storage": show_storage,
    "prices": show_prices,
    "keys": show_keys,
    "about": show_about,
}

show_page(show_parts(PARTS))
