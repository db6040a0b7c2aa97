"""Views that people saved: a page with the parameters of its URL, under a name."""

from urllib.parse import parse_qsl, urlencode

import streamlit as st

from watchkeeper_dashboard import plain
from watchkeeper_dashboard.changes import attempt
from watchkeeper_dashboard.client import ApiError, Question, path_of
from watchkeeper_dashboard.places import PLACES
from watchkeeper_dashboard.states import box, note
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

KNOWN = frozenset({"range", "filter", "compare"})
MOST_VIEWS = 100


def show_saved_views(visit: Visit, view: View, page: str) -> None:
    """To open, to add, to remove."""
    answers = visit.ask(views=Question("/views", {"page": page, "limit": MOST_VIEWS}))
    try:
        found = answers["views"]["items"]
    except ApiError as error:
        box("Saved views can't be read", error.message, "warning")
        return
    for place, saved in enumerate(found):
        with st.container(horizontal=True, vertical_alignment="center", key=f"view_{place}"):
            parameters = {name: value for name, value in parse_qsl(saved["query"]) if name in KNOWN}
            st.page_link(
                PLACES[page].path,
                label=plain.markdown(saved["name"]),
                query_params=parameters,
                width="stretch",
            )
            if st.button(
                "", icon=":material/delete:", key=f"remove_view_{place}", type="tertiary", help="Remove"
            ):
                attempt(visit, "DELETE", path_of("views", saved["id"]))
    if not found:
        note("None is saved yet. A saved view keeps the filter, the time range and the comparison.")
    with st.form(f"save_view_{page}", clear_on_submit=True, border=False):
        name = st.text_input("Save this view as", max_chars=200)
        is_wanted = st.form_submit_button("Save")
    if is_wanted and name.strip():
        body = {"page": page, "name": name.strip(), "query": urlencode(view.as_query())}
        attempt(visit, "POST", "/views", body)
