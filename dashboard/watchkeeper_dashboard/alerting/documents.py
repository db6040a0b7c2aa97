"""Rules as people write them: YAML in a box, checked by the collector."""

from typing import Any

import streamlit as st
import yaml

from watchkeeper_dashboard.states import box

LONGEST_CHARS = 20_000
HEIGHT_PX = 320


def ask_for_document(key: str, current: Any, label: str, *, second: str = "") -> tuple[str, Any] | None:
    """Which button was pressed, and what was written; ``None`` while none was, or it can't be read."""
    with st.form(key, border=False):
        text = st.text_area(
            "As YAML",
            yaml.safe_dump(current, sort_keys=False, allow_unicode=True, width=100),
            height=HEIGHT_PX,
            max_chars=LONGEST_CHARS,
        )
        with st.container(horizontal=True):
            pressed = [label] if st.form_submit_button(label, type="primary") else []
            if second and st.form_submit_button(second):
                pressed = [second]
    if not pressed:
        return None
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        box("This is no YAML", _where(error), "warning")
        return None
    if not isinstance(document, dict):
        box("This can't be read", "Expected fields and their values, one a line.", "warning")
        return None
    return pressed[0], document


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"Line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
    return f"{place}{getattr(error, 'problem', None) or error}"
