"""A trace to take away: as JSON, as the command that asks for it, as a test case."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain
from watchkeeper_dashboard.client import ApiError, Question, path_of
from watchkeeper_dashboard.states import box
from watchkeeper_dashboard.visit import Visit

MOST_SPANS = 1000
TEST_CASE = """\
# What was asked in trace {trace_id}, and what was answered, as a case for your own tests.
MODEL = {model}
MESSAGES = {messages}
ANSWER = {answer}
"""


def show(visit: Visit, tree: Mapping[str, Any]) -> None:
    """Whole trace and test case are fetched when somebody asks for them: they can be large."""
    url = f"{visit.collector.url}/api/v1{path_of('traces', tree['trace_id'])}"
    st.code(render_curl(url, needs_key=bool(visit.api_key)), language="shell", wrap_lines=True)
    if not st.toggle("With the whole trace", key="copy_whole"):
        return
    try:
        trace = visit.ask(whole=Question(path_of("traces", tree["trace_id"]), {"limit": MOST_SPANS}))["whole"]
    except ApiError as error:
        box("The trace can't be read", error.message, "warning")
        return
    name = f"trace-{plain.file_name(tree['trace_id'])}"
    text = json.dumps(trace, ensure_ascii=False, indent=2)
    st.download_button("Download as JSON", text, f"{name}.json", "application/json", on_click="ignore")
    case = render_test_case(trace)
    if case:
        st.download_button("Download as a test case", case, f"{name}.py", "text/x-python", on_click="ignore")
        st.code(case, language="python", height=260)


def render_curl(url: str, *, needs_key: bool) -> str:
    """The command that asks for the trace. The key is a variable: what is pasted holds no secret."""
    key = '-H "Authorization: Bearer $WATCHKEEPER_API_KEY" ' if needs_key else ""
    return f"curl -s {key}{shlex.quote(url)}"


def render_test_case(trace: Mapping[str, Any]) -> str:
    """The last model call as Python literals, which hold any text; empty where there is none with content."""
    calls = [span for span in trace["spans"] if span["kind"] == "llm" and span["input_messages"]]
    if not calls:
        return ""
    call = calls[-1]
    instructions = (
        [{"role": "system", "parts": call["system_instructions"]}] if call["system_instructions"] else []
    )
    return TEST_CASE.format(
        trace_id=plain.file_name(trace["trace_id"]),
        model=repr(call["request_model"] or call["response_model"]),
        messages=_literal([*instructions, *call["input_messages"]]),
        answer=_literal(call["output_messages"]),
    )


def _literal(value: Any) -> str:
    """As Python writes it, one level of a list under the other."""
    if isinstance(value, list):
        return "[\n" + "".join(f"    {item!r},\n" for item in value) + "]"
    return repr(value)
