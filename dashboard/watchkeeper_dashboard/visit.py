"""One viewer's visit: the key that was given, what was asked a moment ago, and the colours in use.

All of it lives in Streamlit's session state, which no two viewers share. What is shared, connections and
threads, knows nothing of any viewer.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import streamlit as st

from watchkeeper_dashboard.client import Answers, ApiError, Collector, Question, ask, build_http
from watchkeeper_dashboard.settings import Seen, read_settings
from watchkeeper_dashboard.theme import Palette
from watchkeeper_dashboard.units import find_zone

FRESH_S = 3.0
"""An answer serves again for so long: a click on a page asks for most of it anew."""
MOST_KEPT = 200
THREADS = 16
KEY, KEPT, COLOURS, NOW, PROJECT = "api_key", "_answers", "_colours", "_now", "_project"


class Visit:
    """What a page needs to know of its viewer."""

    def __init__(self) -> None:
        self.settings = read_settings(st.secrets)
        self._http, self._threads = _shared(self.settings)
        self.collector = Collector(self._http, self.credential, self.project, _address())
        self.palette = Palette(st.session_state.setdefault(COLOURS, {}))

    @property
    def api_key(self) -> str:
        return str(st.session_state.get(KEY, ""))

    @property
    def is_person(self) -> bool:
        """Whether the viewer signed in at the provider, and not with a key."""
        return not self.api_key and self.settings.has_sign_in and bool(st.user.is_logged_in)

    @property
    def credential(self) -> str:
        """What requests are authorised with: the key, else the token of the person who signed in."""
        return str(st.user.tokens.get("id", "")) if self.is_person else self.api_key

    @property
    def project(self) -> str:
        """The project that a person of several chose; empty: their first one."""
        return str(st.session_state.get(PROJECT, ""))

    def choose_project(self, project: str) -> None:
        self.forget()
        st.session_state[PROJECT] = project

    @property
    def zone(self) -> ZoneInfo:
        """The viewer's own, as the browser says; UTC if the viewer wants that."""
        return find_zone(None if st.session_state.get("clock") == "UTC" else st.context.timezone)

    def now(self) -> datetime:
        """The present, for so long as answers of a moment ago are good: what is asked again is the same."""
        moment = datetime.now(UTC)
        kept: datetime = st.session_state.setdefault(NOW, moment)
        if (moment - kept).total_seconds() >= FRESH_S:
            st.session_state[NOW] = kept = moment
        return kept

    def sign_in(self, api_key: str) -> None:
        """Use another key from now on; nothing that the one before was answered is kept."""
        self.forget()
        st.session_state[KEY] = api_key.strip()

    def sign_out(self) -> None:
        """Forget key, project and answers; a person is signed out of the dashboard too."""
        is_person = self.is_person
        self.forget()
        st.session_state.pop(KEY, None)
        st.session_state.pop(PROJECT, None)
        if is_person:
            st.logout()

    def forget(self) -> None:
        """Ask anew for everything, as of now."""
        st.session_state[KEPT] = {}
        st.session_state.pop(NOW, None)

    def ask(self, **questions: Question) -> Answers:
        """Ask all at once; answers of a moment ago are not asked for again."""
        kept: dict[Any, tuple[float, Any]] = st.session_state.setdefault(KEPT, {})
        now_s = time.monotonic()
        fresh = {
            name: kept[question.key()][1]
            for name, question in questions.items()
            if question.key() in kept and now_s - kept[question.key()][0] < FRESH_S
        }
        missing = {name: question for name, question in questions.items() if name not in fresh}
        found = dict(ask(self.collector, missing, self._threads).items())
        kept |= {
            missing[name].key(): (now_s, value)
            for name, value in found.items()
            if not isinstance(value, ApiError)
        }
        _drop_old(kept, now_s)
        return Answers({**fresh, **found})

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Change something at the collector, and ask anew for everything after it."""
        try:
            return self.collector.send(method, path, body)
        finally:
            self.forget()


def _address() -> str:
    """The viewer's, as far as it is known: a viewer on this machine has none."""
    address = st.context.ip_address
    return address if isinstance(address, str) else ""


def _drop_old(kept: dict[Any, tuple[float, Any]], now_s: float) -> None:
    for key in [key for key, (asked_s, _) in kept.items() if now_s - asked_s >= FRESH_S]:
        del kept[key]
    while len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]


@st.cache_resource(show_spinner=False)
def _shared(settings: Seen) -> tuple[httpx.Client, ThreadPoolExecutor]:
    """Connections and threads for all viewers; the keys travel with each request."""
    http = build_http(settings.collector_url, is_relayed=not settings.is_trusted)
    return http, ThreadPoolExecutor(THREADS, thread_name_prefix="ask")
