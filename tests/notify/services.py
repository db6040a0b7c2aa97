"""Strict fakes of PagerDuty, Slack, Teams and any webhook: they demand what is documented."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Step = int | str | tuple[int, Mapping[str, str], bytes]
"""What the next request meets: a status, ``silence``, ``reset``, ``drip``, or a whole answer."""


class WrongError(Exception):
    """What the service says is wrong with a request; with its status."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Check = Callable[[Received], tuple[int, bytes]]


@dataclass(slots=True)
class Service:
    """``check`` raises :class:`WrongError`, or gives the answer to what it takes; ``taken`` is that."""

    check: Check = lambda request: (200, b"ok")
    script: list[Step] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None
    _released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Service":
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Received, handler: BaseHTTPRequestHandler) -> None:
        self.received.append(request)
        step = self.script.pop(0) if self.script else None
        match step:
            case "silence":
                self._released.wait(30)
            case "drip":
                _drip(handler, self._released)
            case "reset":
                reset(handler.connection)
            case None:
                self._judge(request, handler)
            case int():
                _answer(handler, step, {}, b"scripted")
            case (status, headers, body):
                _answer(handler, int(status), headers, body)

    def _judge(self, request: Received, handler: BaseHTTPRequestHandler) -> None:
        try:
            status, body = self.check(request)
        except WrongError as wrong:
            _answer(handler, wrong.status, {}, str(wrong).encode())
            return
        self.taken.append(request)
        _answer(handler, status, {}, body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever goes away before the answer is no error of ours."""


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.answer(Received(self.command, self.path, headers, body), self)

        do_POST = do_GET = do_HEAD = _take  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler


def _answer(handler: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str], body: bytes) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def _drip(handler: BaseHTTPRequestHandler, released: threading.Event) -> None:
    """Answers, a byte at a time, so that no single read ever waits for long."""
    for byte in b"HTTP/1.1 200 OK\r\n" + b"x-slow: " + b"z" * 10_000:
        try:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
        except OSError:
            return
        if released.wait(0.02):
            return


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def demand(holds: object, text: str, status: int = 400) -> None:
    if not holds:
        raise WrongError(text, status)


@dataclass(slots=True)
class PagerDutyRules:
    """Events API v2. ``incidents``: by key what became of each, in the order of what happened."""

    key: str
    incidents: dict[str, list[str]] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Received) -> tuple[int, bytes]:
        demand(len(request.body) <= 512_000, "Event size exceeds size limit")
        event = request.json()
        demand(isinstance(event, dict), "Event object is invalid")
        demand(event.get("routing_key") == self.key, "Invalid routing key")
        if request.path == "/v2/change/enqueue":
            self._check_payload(event, is_change=True)
            self.changes.append(event)
            return 202, b'{"status": "success"}'
        demand(request.path == "/v2/enqueue", "Not Found", 404)
        action, key = event.get("event_action"), event.get("dedup_key", "")
        demand(action in ("trigger", "acknowledge", "resolve"), "'event_action' is invalid")
        demand(isinstance(key, str) and 0 < len(key) <= 255, "'dedup_key' is invalid")
        if action == "trigger":
            self._check_payload(event, is_change=False)
        self.incidents.setdefault(key, []).append(action)
        return 202, json.dumps({"status": "success", "dedup_key": key}).encode()

    @property
    def opened(self) -> int:
        """How many incidents there were: a trigger on an open one is none of its own."""
        count = 0
        for happened in self.incidents.values():
            is_open = False
            for action in happened:
                count += action == "trigger" and not is_open
                is_open = action != "resolve" and (is_open or action == "trigger")
        return count

    @property
    def still_open(self) -> list[str]:
        return [key for key, happened in self.incidents.items() if happened[-1] != "resolve"]

    def _check_payload(self, event: dict[str, Any], *, is_change: bool) -> None:
        payload = event.get("payload")
        demand(isinstance(payload, dict), "'payload' is missing")
        assert isinstance(payload, dict)
        known = {"summary", "source", "timestamp", "custom_details"}
        known |= set() if is_change else {"severity", "component", "group", "class"}
        demand(not set(payload) - known, f"unknown fields {sorted(set(payload) - known)}")
        demand(0 < len(payload.get("summary", "")) <= 1024, "'payload.summary' is invalid")
        demand(payload.get("source"), "'payload.source' is missing")
        if not is_change:
            severities = ("critical", "error", "warning", "info")
            demand(payload.get("severity") in severities, "'payload.severity' is invalid")
        for link in event.get("links", ()):
            demand(str(link.get("href", "")).startswith("http"), "'links' is invalid")


def slack_rules(request: Received) -> tuple[int, bytes]:
    """An incoming webhook."""
    content = request.json()
    demand(isinstance(content.get("text"), str) and content["text"], "no_text")
    blocks = content.get("blocks", [])
    demand(len(blocks) <= 50, "invalid_blocks")
    for block in blocks:
        _check_block(block)
    total = sum(len(block["text"]["text"]) for block in blocks if "text" in block)
    demand(total <= 13_200, "msg_blocks_too_long")
    return 200, b"ok"


def _check_block(block: dict[str, Any]) -> None:
    match block["type"]:
        case "header":
            demand(block["text"]["type"] == "plain_text", "invalid_blocks")
            demand(0 < len(block["text"]["text"]) <= 150, "invalid_blocks")
        case "section":
            demand(0 < len(block["text"]["text"]) <= 3000, "invalid_blocks")
        case "actions":
            demand(0 < len(block["elements"]) <= 25, "invalid_blocks")
            for element in block["elements"]:
                demand(0 < len(element["text"]["text"]) <= 75, "invalid_blocks")
                demand(len(element["url"]) <= 3000, "invalid_blocks")
        case other:
            raise WrongError(f"invalid_blocks: {other}")


def teams_rules(request: Received) -> tuple[int, bytes]:
    """A workflow's webhook."""
    demand(len(request.body) <= 28 * 1024, "RequestEntityTooLarge", 413)
    content = request.json()
    demand(content.get("type") == "message", "TriggerInputSchemaMismatch")
    (attachment,) = content["attachments"]
    demand(
        attachment["contentType"] == "application/vnd.microsoft.card.adaptive", "TriggerInputSchemaMismatch"
    )
    card = attachment["content"]
    demand(card["type"] == "AdaptiveCard" and card["version"] <= "1.5", "InvalidCard")
    for element in card["body"]:
        demand(element["type"] == "TextBlock" and element["text"], "InvalidCard")
    for action in card.get("actions", ()):
        demand(action["type"] == "Action.OpenUrl" and action["url"].startswith("http"), "InvalidCard")
    return 202, b""


def alertmanager_rules(request: Received) -> tuple[int, bytes]:
    """Of Alertmanager's API what its own code checks."""
    demand(request.path == "/api/v2/alerts", "not found", 404)
    for alert in request.json():
        demand(alert["labels"], "at least one label pair required")
        for name, value in alert["labels"].items():
            plain = name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit()
            demand(plain, "invalid label set")
            demand(value, "empty label")
        demand(alert["startsAt"] <= alert["endsAt"], "start time must be before end time")
    return 200, b""


def until(holds: Callable[[], object], what: str = "it", timeout_s: float = 30.0) -> None:
    """Wait until something holds."""
    waited = threading.Event()
    for _ in range(round(timeout_s / 0.02)):
        if holds():
            return
        waited.wait(0.02)
    raise AssertionError(f"{what} did not come to pass")


def bodies(requests: Iterable[Received]) -> list[Any]:
    return [request.json() for request in requests]


def any_rules(request: Received) -> tuple[int, bytes]:
    """A webhook that takes any JSON."""
    demand(request.json(), "no JSON")
    return 200, b""
