"""What a view holds as a file. It is fetched when somebody clicks, and never before."""

import streamlit as st

from watchkeeper_dashboard.states import note
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

SUBJECTS = ("spans", "traces", "sessions", "scores")
FORMATS = {"csv": "text/csv", "jsonl": "application/jsonl", "parquet": "application/vnd.apache.parquet"}


def show_export(visit: Visit, view: View) -> None:
    what = st.selectbox("Rows are", SUBJECTS, key="export_what")
    form = st.segmented_control("File", list(FORMATS), default="csv", required=True, key="export_form")
    with_content = st.checkbox("With prompts and answers", key="export_content")
    parameters = {**view.slice(), "what": what, "format": form, "with_content": with_content}
    collector = visit.collector
    st.download_button(
        "Download",
        lambda: collector.download("/export", parameters),
        f"watchkeeper-{what}.{form}",
        FORMATS[form],
        key="export",
        on_click="ignore",
        icon=":material/download:",
    )
    note("The file passes through this server's memory; for millions of rows there is `watchkeeper export`.")
