"""What stands where nothing else can: errors in words, and pages without data that say how to get some."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import streamlit as st

from watchkeeper_dashboard import plain
from watchkeeper_dashboard.client import (
    ApiError,
    ForbiddenError,
    MissingError,
    UnauthenticatedError,
    UnreachableError,
)
from watchkeeper_dashboard.visit import Visit

Tone = Literal["bad", "warning", "good", ""]
FIRST_SPAN = """\
import watchkeeper

watchkeeper.instrument(service_name="my-application", endpoint="{url}")

# … and every call of OpenAI's, Anthropic's, Google's, Groq's, Together's and Bedrock's clients is here.
"""
ANY_SENDER = """\
export OTEL_EXPORTER_OTLP_ENDPOINT={url}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_SERVICE_NAME=my-application
"""


def box(title: str, text: str = "", tone: Tone = "") -> None:
    """A framed message; both texts are shown as they are, whatever is in them."""
    body = f"<p>{plain.html(text)}</p>" if text else ""
    st.html(f'<div class="wk-box wk-{tone}"><h4>{plain.html(title)}</h4>{body}</div>')


def note(text: str) -> None:
    """A small line, shown as it is."""
    st.html(f'<div class="wk-note">{plain.html(text)}</div>')


@contextmanager
def section(visit: Visit, key: str) -> Iterator[None]:
    """A part of a page that may fail by itself: the rest of the page stands."""
    try:
        yield
    except ApiError as error:
        show_error(visit, error, key)


def show_error(visit: Visit, error: ApiError, key: str) -> None:
    """What went wrong, and what can be done here about it."""
    match error:
        case UnauthenticatedError():
            ask_for_key(visit, error, key)
            return
        case UnreachableError():
            box("The collector does not answer", error.message, "bad")
        case ForbiddenError():
            box("This key may not see that", error.message, "warning")
        case MissingError():
            box("There is nothing there", error.message, "warning")
        case _ if error.code == "invalid_query":
            box("The collector can't read this", error.message, "warning")
        case _:
            box("That did not work", error.message, "bad")
    if st.button("Try again", key=f"retry_{key}", icon=":material/refresh:"):
        visit.forget()
        st.rerun()


def ask_for_key(visit: Visit, error: ApiError, key: str) -> None:
    """The sign-in: at the provider where there is one, else with a key, which is gone with this visit."""
    if visit.settings.has_sign_in and not visit.api_key:
        box("Sign in", error.message if visit.is_person else "With your account, or with an API key.")
        if st.button("Sign in", type="primary", key=f"account_{key}", icon=":material/login:"):
            st.login()
        with st.expander("With an API key"):
            _ask_for_key(visit, error, key)
        return
    _ask_for_key(visit, error, key)


def _ask_for_key(visit: Visit, error: ApiError, key: str) -> None:
    title = "That key is not known" if visit.api_key else "Sign in with an API key"
    with st.form(f"sign_in_{key}", width=560):
        box(title, error.message if visit.api_key else "The collector asks for a key with the scope read.")
        given = st.text_input("API key", type="password", autocomplete="current-password")
        is_wanted = st.form_submit_button("Sign in", type="primary")
    note("`watchkeeper keys create --name me --role analyst` makes one. It is kept for this visit only.")
    if is_wanted and given:
        visit.sign_in(given)
        st.rerun()


def show_first_steps(visit: Visit) -> None:
    """The page of a collector that nobody has sent anything to yet."""
    box(
        "Nothing has arrived yet",
        "The collector is well and waits for its first span. Send one, and this page fills by itself.",
        "good",
    )
    url = visit.collector.url
    sdk, sender, demo = st.tabs(["Python", "Any OpenTelemetry SDK", "Only looking"])
    with sdk:
        st.code("pip install watchkeeper", language="shell")
        st.code(FIRST_SPAN.replace("{url}", url), language="python")
    with sender:
        st.code(ANY_SENDER.replace("{url}", url), language="shell")
    with demo:
        st.code("watchkeeper up --demo", language="shell")


def nothing(what: str, hint: str = "Widen the time range, or take something out of the filter.") -> None:
    """No rows: said in words where the rows would be."""
    box(what, hint)
