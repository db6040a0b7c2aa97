"""Changes that a reader makes through a page."""

from typing import Any

import streamlit as st

from watchkeeper_dashboard.client import ApiError
from watchkeeper_dashboard.states import box
from watchkeeper_dashboard.visit import Visit


def attempt(visit: Visit, method: str, path: str, body: Any = None, *, done: str = "") -> None:
    """Change something, and draw the page anew; where that fails, say why in its place."""
    try:
        visit.send(method, path, body)
    except ApiError as error:
        box("That did not work", error.message, "warning")
        return
    if done:
        st.toast(done)
    st.rerun()
