"""The pages, their places in the navigation, and links between them that keep the view."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn

import streamlit as st

from watchkeeper_dashboard.view import View

WANTED = "_wanted_view"
"""Where :func:`go` leaves the view for the bar."""
Section = Literal["Watch", "Understand", "Improve", "Run", ""]


@dataclass(frozen=True, slots=True)
class Place:
    """A page. One without a section is reached by links only."""

    file: str
    title: str
    icon: str
    section: Section = ""
    has_filter: bool = True
    has_range: bool = True

    @property
    def path(self) -> str:
        return f"app_pages/{self.file}.py"

    @property
    def url_path(self) -> str:
        return self.file.replace("_", "-")


PLACES: Mapping[str, Place] = {
    place.file: place
    for place in (
        Place("overview", "Overview", ":material/space_dashboard:", "Watch"),
        Place("spend", "Spend", ":material/payments:", "Watch"),
        Place("performance", "Performance", ":material/speed:", "Watch"),
        Place("errors", "Errors", ":material/error:", "Watch"),
        Place("alerts", "Alerts", ":material/notifications:", "Watch", has_filter=False),
        Place("traces", "Traces", ":material/account_tree:", "Understand"),
        Place("sessions", "Sessions", ":material/forum:", "Understand"),
        Place("users", "Users", ":material/group:", "Understand"),
        Place("quality", "Quality", ":material/verified:", "Improve"),
        Place("drift", "Drift", ":material/compare:", "Improve", has_filter=False),
        Place("releases", "Releases", ":material/rocket_launch:", "Improve"),
        Place("audit", "Audit", ":material/policy:", "Run", has_filter=False),
        Place("data", "Data & settings", ":material/tune:", "Run", has_filter=False),
        Place("trace", "Trace", ":material/account_tree:", has_filter=False, has_range=False),
        Place("session", "Session", ":material/forum:", has_filter=False, has_range=False),
        Place("user", "User", ":material/person:"),
        Place("error_group", "Error", ":material/error:", has_filter=False),
    )
}


def build_pages() -> dict[str, list[st.Page]]:
    """For ``st.navigation``."""
    pages: dict[str, list[st.Page]] = {}
    for place in PLACES.values():
        page = st.Page(
            place.path,
            title=place.title,
            icon=place.icon,
            url_path=place.url_path,
            default=place.file == "overview",
            visibility="visible" if place.section else "hidden",
        )
        pages.setdefault(place.section or "Run", []).append(page)
    return pages


def place_of(page: st.Page) -> Place:
    """The place of the page that ``st.navigation`` chose; the first one has no path."""
    return next((place for place in PLACES.values() if place.url_path == page.url_path), PLACES["overview"])


def link(label: str, file: str, view: View, *, icon: str | None = None, **others: str) -> None:
    """A link to a page with the view of this one. The label is Markdown: telemetry goes through ``plain``."""
    st.page_link(PLACES[file].path, label=label, icon=icon, query_params=view.as_query(**others))


def go(file: str, view: View, **others: str) -> NoReturn:
    """Open a page with a view, which the bar takes over."""
    st.session_state[WANTED] = view.as_query()
    st.switch_page(PLACES[file].path, query_params=others)
