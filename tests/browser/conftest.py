"""A collector with ten days of the demo's shop, its dashboard, and Debian's Chromium in front of it."""

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, sync_playwright
from watchkeeper_collector.demo.playing import Player
from watchkeeper_collector.demo.sender import Sender
from watchkeeper_collector.demo.traffic import Plan

from tests.collector import CollectorProcess

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 60.0
PAGE_TIMEOUT_MS = 60_000
IDLE = """() => !document.querySelector('[data-testid="stStatusWidget"], [data-testid="stSkeleton"]')
    && document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState !== 'running'"""


@dataclass(frozen=True, slots=True)
class Site:
    """``api`` is the collector, ``url`` the dashboard before it."""

    collector: CollectorProcess
    url: str


@dataclass
class Visitor:
    """One tab, and what went wrong in it: exceptions on pages, dialogs, requests to other places."""

    page: Page
    url: str
    dialogs: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is asked for and drawn any more."""
        self.page.wait_for_selector('[data-testid="stMainBlockContainer"] [data-testid="stElementContainer"]')
        self.page.wait_for_timeout(400)
        self.page.wait_for_function(IDLE)
        self.page.wait_for_timeout(400)

    def faults(self) -> list[str]:
        return [shown.inner_text() for shown in self.page.get_by_test_id("stException").all()]

    def note_dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def note_request(self, request: Request) -> None:
        if not request.url.startswith((self.url, self.url.replace("http", "ws"), "data:", "blob:")):
            self.strangers.append(request.url)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo's traffic, with its story, for ten days."""
    with CollectorProcess(tmp_path_factory.mktemp("browser") / "data", segment_age_s=0.1) as collector:
        collector.until_ready()
        stop = threading.Event()
        plan = Plan(start_s=time.time(), history_days=10, traces_per_day=40)
        player = Player(plan, Sender(collector.http, stop), stop)
        player.send_history()
        collector.until(lambda: is_stored(collector))
        with dashboard(collector) as url:
            yield Site(collector, url)


def is_stored(collector: CollectorProcess) -> bool:
    spool = collector.get("/api/v1/status")["spool"]
    return bool(spool["drained_items"] >= spool["appended_items"])


@contextmanager
def dashboard(collector: CollectorProcess, sign_in: Mapping[str, str] | None = None) -> Iterator[str]:
    """The dashboard's own process on a free port: its URL. People may sign in with ``sign_in``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "watchkeeper_dashboard"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None
        url = f"http://127.0.0.1:{port}"
        settings: dict[str, object] = {"collector_url": collector.http, "port": port}
        if sign_in is not None:
            settings["sign_in"] = {**sign_in, "address": url}
        process.stdin.write(json.dumps(settings) + "\n")
        process.stdin.flush()
        wait_for(f"{url}/_stcore/health")
        yield url
        process.stdin.close()
        process.wait(30)


def wait_for(url: str) -> None:
    ends_at_s = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < ends_at_s, f"Nothing answers at {url}."
            time.sleep(0.2)


@pytest.fixture(scope="module")  # while Playwright runs, no test of this process can use asyncio.run
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def visitor(shop: Site, browser: Browser) -> Iterator[Visitor]:
    with visiting(browser, shop.url) as visitor:
        yield visitor


@contextmanager
def visiting(browser: Browser, url: str) -> Iterator[Visitor]:
    """A tab of its own; whatever is done in it, no page may fail, speak up or call elsewhere."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, timezone_id="UTC")
    context.set_default_timeout(PAGE_TIMEOUT_MS)
    visitor = Visitor(context.new_page(), url)
    visitor.page.on("dialog", visitor.note_dialog)
    visitor.page.on("request", visitor.note_request)
    yield visitor
    assert (visitor.dialogs, visitor.strangers, visitor.faults()) == ([], [], [])
    context.close()
