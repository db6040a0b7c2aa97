"""What stands above every page: its title, the time range, the filter, and how it is kept live."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain
from watchkeeper_dashboard.client import ApiError
from watchkeeper_dashboard.places import WANTED, Place
from watchkeeper_dashboard.states import box, section, show_error
from watchkeeper_dashboard.view import DEFAULT_RANGE, RANGES, RangeError, View, read_view, render_range
from watchkeeper_dashboard.viewer import show_viewer
from watchkeeper_dashboard.visit import Visit

Body = Callable[[Visit, View], None]
LIVE_S = {"off": None, "5s": 5, "15s": 15, "60s": 60}
IN_URL = {"range": DEFAULT_RANGE, "filter": "", "compare": "previous"}
"""The parts of a view, with what they are where nobody chose."""
KEPT = "_kept_view"
PLACEHOLDER = 'model:gpt-4o* -status:error cost:>0.10 user:(u1 OR u2) "refund policy"'
FILTER_HELP = (
    "Conditions side by side must all hold. `model:gpt-4o*`, `-status:error`, `cost:>0.10`, `latency:>=2s`,"
    ' `user:(u1 OR u2)`, `attr.tenant:acme`, `has:session`, `is:truncated`, and words or `"phrases"` of'
    " prompts and answers."
)


def restore_view() -> None:
    """Give the bar, before its widgets are made, the view that a link asked for, or the one it had.

    A page without the bar, such as a trace's, would lose it: Streamlit forgets widgets that are not drawn.
    """
    wanted = st.session_state.pop(WANTED, None)
    kept = st.session_state.setdefault(KEPT, {})
    for name, usual in IN_URL.items():
        if wanted is not None:
            st.session_state[name] = wanted.get(name, usual)
        elif name not in st.session_state and name not in st.query_params and name in kept:
            st.session_state[name] = kept[name]


def show_bar(place: Place, visit: Visit) -> None:
    """It belongs to the frame and not to the page, so that what is in it stays when the page changes."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="bar"):
        st.title(place.title, anchor=False, width="stretch")
        if place.has_range:
            _show_range(visit)
        _show_options(visit)
    if place.has_filter:
        st.text_input(
            "Filter",
            key="filter",
            bind="query-params",
            icon=":material/search:",
            placeholder=PLACEHOLDER,
            label_visibility="collapsed",
            help=FILTER_HELP,
        )
    drawn = {name: st.session_state[name] for name in IN_URL if name in st.session_state}
    st.session_state[KEPT] |= drawn


def show_page(body: Body) -> None:
    """A page under the bar, asked for anew at the chosen interval."""
    visit = Visit()

    def show_body() -> None:
        try:
            body(visit, read_view(_view_parameters(), visit.now()))
        except RangeError as error:
            box("That is no time range", str(error), "warning")
        except ApiError as error:
            show_error(visit, error, "page")

    st.fragment(show_body, run_every=LIVE_S.get(st.session_state.get("live", "off")))()


def show_parts(parts: Mapping[str, Body]) -> Body:
    """A page of several parts, of which one is chosen in the URL; the first by default."""

    def show(visit: Visit, view: View) -> None:
        part = st.segmented_control(
            "Part",
            list(parts),
            default=next(iter(parts)),
            key="part",
            bind="query-params",
            required=True,
            label_visibility="collapsed",
        )
        with section(visit, part):
            parts[part](visit, view)

    return show


def _view_parameters() -> dict[str, Any]:
    """What the bar's widgets hold; of those that this page has not, what they held."""
    return {name: st.session_state.get(name, st.session_state[KEPT].get(name)) for name in IN_URL}


def _show_range(visit: Visit) -> None:
    st.selectbox(
        "Time range",
        RANGES,
        index=RANGES.index(DEFAULT_RANGE),
        key="range",
        bind="query-params",
        accept_new_options=True,
        label_visibility="collapsed",
        width=190,
    )
    with st.popover("", icon=":material/calendar_month:", help="Between two times"):
        _show_calendar(visit)


def _show_calendar(visit: Visit) -> None:
    now = datetime.now(visit.zone)
    days = st.date_input(
        f"Days ({now:%Z})",
        value=(now.date() - timedelta(days=1), now.date()),
        key="days",
        max_value=now.date(),
    )
    first, last = st.columns(2)
    from_time = first.time_input("From", time(0, 0), key="from_time")
    to_time = last.time_input("Until", time(23, 59), key="to_time")
    if isinstance(days, tuple) and len(days) == 2:
        start = datetime.combine(days[0], from_time, visit.zone)
        end = datetime.combine(days[1], to_time, visit.zone)
        st.button(
            "Look at this", type="primary", on_click=_look_between, args=(start, end), disabled=start >= end
        )


def _look_between(start: datetime, end: datetime) -> None:
    st.session_state["range"] = render_range(start.astimezone(UTC), end.astimezone(UTC))


def _show_options(visit: Visit) -> None:
    with st.popover("", icon=":material/more_vert:", help="Refresh, comparison, clock, sign out"):
        st.segmented_control(
            "Refresh every", list(LIVE_S), default="off", key="live", bind="query-params", required=True
        )
        st.segmented_control(
            "Compare with",
            ["previous", "week"],
            default="previous",
            key="compare",
            bind="query-params",
            required=True,
            help="`previous`: the time just before, as long. `week`: the same time a week before.",
        )
        st.segmented_control(
            "Clock",
            ["local", "UTC"],
            default="local",
            key="clock",
            persist_state="session",
            required=True,
            help=f"Your browser's zone is {plain.markdown(st.context.timezone or 'unknown')}.",
        )
        if st.button("Refresh now", icon=":material/refresh:", key="refresh_now"):
            visit.forget()
            st.rerun()
        show_viewer(visit)
