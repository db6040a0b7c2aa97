"""sessions."""

import streamlit as st
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit


def show(visit: Visit, view: View) -> None:
    answers = visit.ask(now=view.query("calls", "cost_usd"))
    st.write(answers["now"])
    st.write(view)


show_page("sessions", show)
