"""The frame that every page stands in: Streamlit runs this script for each viewer."""

import streamlit as st

from watchkeeper_dashboard.brand import ICON, LOGO
from watchkeeper_dashboard.frame import restore_view, show_bar
from watchkeeper_dashboard.places import build_pages, place_of
from watchkeeper_dashboard.theme import load_style
from watchkeeper_dashboard.visit import Visit

st.set_page_config(page_title="Watchkeeper", page_icon=ICON, layout="wide")
st.html(f"<style>{load_style()}</style>")
st.logo(LOGO, size="large", icon_image=ICON)
page = st.navigation(build_pages())
restore_view()
show_bar(place_of(page), Visit())
page.run()
