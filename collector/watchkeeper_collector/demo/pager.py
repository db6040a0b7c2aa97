"""A service that takes pages as PagerDuty does, on this machine: the demo's on-call engineer.

It refuses what PagerDuty's Events API v2 would refuse, by its documented limits.
https://developer.pagerduty.com/docs/events-api-v2-overview
"""

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MOST_EVENT_BYTES = 512_000
MOST_KEY_CHARS, MOST_SUMMARY_CHARS, ROUTING_KEY_CHARS = 255, 1_024, 32
MOST_EVENTS, EVENTS_WITHIN_S = 120, 60.0
SEVERITIES = ("critical", "error", "warning", "info")
ACTIONS = ("trigger", "acknowledge", "resolve")
KEPT_EVENTS = 10_000


class RefusedError(Exception):
    """An event that PagerDuty would not take, with the status it would answer."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class PagerEvent:
    """What was taken. ``summary`` is that of the trigger, for what follows under its key too."""

    at: datetime
    action: str
    dedup_key: str
    severity: str
    summary: str
    payload: dict[str, Any]


@dataclass(slots=True)
class Incidents:
    """Takes events and keeps what they come to: an incident is open from its trigger to its resolve."""

    on_event: Callable[[PagerEvent], None] = lambda _: None
    clock_s: Callable[[], float] = time.monotonic
    events: deque[PagerEvent] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    refused: list[str] = field(default_factory=list)
    _open: dict[tuple[str, str], PagerEvent] = field(default_factory=dict)
    _paces: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, body: bytes) -> str:
        """The key under which an event was taken. Raises ``RefusedError``."""
        with self._lock:
            try:
                event = read_event(body)
                self._check_pace(event["routing_key"])
            except RefusedError as error:
                self.refused.append(str(error))
                raise
            return self._apply(event)

    def _check_pace(self, routing_key: str) -> None:
        now_s, pace = self.clock_s(), self._paces[routing_key]
        while pace and now_s - pace[0] >= EVENTS_WITHIN_S:
            pace.popleft()
        if len(pace) >= MOST_EVENTS:
            raise RefusedError("More than 120 events in a minute.", 429)
        pace.append(now_s)

    def _apply(self, event: dict[str, Any]) -> str:
        """A resolve of what is not open, and a trigger of what is, are taken and change nothing."""
        payload = event.get("payload", {})
        key = event.get("dedup_key") or f"made-here-{len(self.events)}"
        place = (event["routing_key"], key)
        known, is_trigger = self._open.get(place), event["event_action"] == "trigger"
        if is_trigger == (known is not None):
            return str(key)
        about = payload if known is None else known.payload
        told = PagerEvent(
            datetime.now(UTC), event["event_action"], key, about["severity"], about["summary"], about
        )
        self.events.append(told)
        if is_trigger:
            self._open[place] = told
        elif told.action == "resolve":
            del self._open[place]
        self.on_event(told)
        return str(key)


def read_event(body: bytes) -> dict[str, Any]:
    """Raises ``RefusedError`` for what the API's documentation does not allow."""
    _demand(len(body) <= MOST_EVENT_BYTES, f"The event has more than {MOST_EVENT_BYTES:,} bytes.")
    try:
        event = json.loads(body)
    except ValueError:
        raise RefusedError("The body is no JSON.") from None
    _demand(isinstance(event, dict), "The body is no object.")
    key, dedup_key = event.get("routing_key"), event.get("dedup_key", "")
    _demand(isinstance(key, str) and len(key) == ROUTING_KEY_CHARS, "'routing_key' has 32 characters.")
    _demand(event.get("event_action") in ACTIONS, f"'event_action' is one of {', '.join(ACTIONS)}.")
    _demand(
        isinstance(dedup_key, str) and len(dedup_key) <= MOST_KEY_CHARS,
        "'dedup_key' has at most 255 characters.",
    )
    if event["event_action"] == "trigger":
        _check_payload(event.get("payload"))
    else:
        _demand(bool(dedup_key), "'dedup_key' says what it is about.")
    found: dict[str, Any] = event
    return found


def _check_payload(payload: object) -> None:
    if not isinstance(payload, dict):
        raise RefusedError("A trigger has a 'payload'.")
    for name in ("summary", "source", "severity"):
        _demand(isinstance(payload.get(name), str) and bool(payload[name]), f"'payload.{name}' is a text.")
    _demand(len(payload["summary"]) <= MOST_SUMMARY_CHARS, "'payload.summary' has at most 1,024 characters.")
    _demand(payload["severity"] in SEVERITIES, f"'payload.severity' is one of {', '.join(SEVERITIES)}.")


def _demand(holds: bool, reason: str) -> None:  # noqa: FBT001
    if not holds:
        raise RefusedError(reason)


class Pager:
    """``with Pager(on_event) as pager``: listens on a free port of this machine, in a thread.

    ``POST /v2/enqueue`` takes events; ``GET /`` lists those it took, and why others were refused.
    """

    def __init__(self, on_event: Callable[[PagerEvent], None] = lambda _: None) -> None:
        self.incidents = Incidents(on_event)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _build_handler(self.incidents))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> "Pager":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _build_handler(incidents: Incidents) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 15

        def do_POST(self) -> None:
            if self.path != "/v2/enqueue":
                self._answer(404, {"message": "There is POST /v2/enqueue."})
                return
            length = int(self.headers.get("content-length") or 0)
            try:
                key = incidents.take(self.rfile.read(min(length, MOST_EVENT_BYTES + 1)))
            except RefusedError as error:
                self._answer(error.status, {"status": "invalid event", "errors": [str(error)]})
                return
            self._answer(202, {"status": "success", "message": "Event processed", "dedup_key": key})

        def do_GET(self) -> None:
            shown = [
                {"at": one.at.isoformat(), "action": one.action, "severity": one.severity,
                 "summary": one.summary, "dedup_key": one.dedup_key}
                for one in list(incidents.events)
            ]  # fmt: skip
            self._answer(200, {"events": shown, "refused": list(incidents.refused)})

        def _answer(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Nothing: what is worth a line is said by ``on_event``."""

    return Handler
