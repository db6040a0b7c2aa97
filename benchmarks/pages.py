"""``pages``: how long a page of the dashboard takes until a reader sees what it is about."""

import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from watchkeeper_collector.demo.playing import Player
from watchkeeper_collector.demo.sender import Sender
from watchkeeper_collector.demo.traffic import Plan

from benchmarks import options
from benchmarks.collector import CollectorProcess
from benchmarks.machine import describe_machine
from benchmarks.progress import showing
from benchmarks.report import Cell, Report, Table, publish
from benchmarks.server_process import BenchmarkError, ServerProcess, free_port

PAGES = ("", "spend", "performance", "errors", "traces", "sessions", "users", "quality", "data")
EMPTY = "an empty Streamlit page"
STREAMLIT = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "server.address": "127.0.0.1",
}
PAINT_TIMEOUT_MS = 120_000
USEFUL = """() => {
    const main = document.querySelector('[data-testid="stMainBlockContainer"]');
    const app = document.querySelector('[data-testid="stApp"]');
    return main?.querySelector('[data-testid="stElementContainer"]')
        && !document.querySelector('[data-testid="stSkeleton"]')
        && app?.dataset.testScriptState !== 'running';
}"""
"""The script has run, and nothing stands for something that is still to come."""


def measure_pages(
    *,
    rounds: Annotated[int, typer.Option(min=1, max=50)] = 5,
    view: Annotated[str, typer.Option("--range", help="The pages' time range.")] = "7d",
    folder: options.Folder = None,
    markdown: options.Markdown = False,
    out: options.Out = None,
) -> None:
    """Time to first useful paint of each page over the demo's five weeks, beside an empty Streamlit page.

    Each is opened in a new browser context: nothing is cached but what the servers keep. Needs Chromium.

    $ python -m benchmarks pages

    $ python -m benchmarks pages --rounds 3 --range 30d --markdown
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        raise BenchmarkError("Chromium is missing: apt-get install chromium")
    with options.working_folder(folder) as work, ExitStack() as stack:
        machine = describe_machine(work)
        collector = stack.enter_context(CollectorProcess(work / "data"))
        fill_with_demo(collector)
        servers = {
            "dashboard": stack.enter_context(dashboard(work, collector.url)),
            EMPTY: stack.enter_context(empty_page(work)),
        }
        for server in servers.values():
            server.until_answering("/_stcore/health")
        urls = {EMPTY: servers[EMPTY].url}
        urls |= {page or "overview": f"{servers['dashboard'].url}/{page}?range={view}" for page in PAGES}
        times = measure_paints(chromium, urls, rounds)
    floor_s = median(times[EMPTY])
    rows: list[list[Cell]] = [
        [name, median(found), max(found), median(found) / floor_s] for name, found in times.items()
    ]
    columns = ("page", "median, s", "slowest, s", "median / empty page")
    table = Table(f"Time to first useful paint, {rounds} rounds, range {view}", columns, rows)
    publish(Report(machine, [table], details={"times": times}), is_markdown=markdown, out=out)


def fill_with_demo(collector: CollectorProcess) -> None:
    """Send the demo's history and wait until all of it can be asked for."""
    collector.until_ready()
    stop = threading.Event()
    player = Player(Plan(start_s=time.time()), Sender(collector.url, stop), stop)
    with showing("Sending the demo's history") as report:
        player.send_history(report)
    wanted = player.sent.spans
    collector.wait_for(
        lambda: collector.metric("watchkeeper_spool_drained_items_total") >= wanted,
        "the history in the store",
        timeout_s=600,
        every_s=0.5,
    )


def dashboard(work: Path, api: str) -> ServerProcess:
    port = free_port()
    command = ["-m", "watchkeeper_collector", "dashboard", "--url", api, "--port", str(port)]
    return ServerProcess(command, port, work / "dashboard.log")


def empty_page(work: Path) -> ServerProcess:
    """Streamlit with a script that shows a title."""
    script, port = work / "empty.py", free_port()
    script.write_text('import streamlit as st\n\nst.title("Empty")\n', "utf-8")
    flags = [f"--{name}={value}" for name, value in {**STREAMLIT, "server.port": str(port)}.items()]
    return ServerProcess(["-m", "streamlit", "run", str(script), *flags], port, work / "empty.log")


def measure_paints(chromium: str, urls: Mapping[str, str], rounds: int) -> dict[str, list[float]]:
    """Seconds of each page, by rounds. All pages are opened once before, as caches of the servers fill."""
    from playwright.sync_api import sync_playwright

    times: dict[str, list[float]] = {name: [] for name in urls}
    with sync_playwright() as playwright, showing("Opening pages") as report:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for number, (name, seconds) in enumerate(_paints(browser, urls, rounds + 1)):
            if number >= len(urls):
                times[name].append(seconds)
            report((number + 1) / (len(urls) * (rounds + 1)))
        browser.close()
    return times


def _paints(browser: Any, urls: Mapping[str, str], rounds: int) -> Iterator[tuple[str, float]]:
    for _ in range(rounds):
        for name, url in urls.items():
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            page = context.new_page()
            began_s = time.monotonic()
            page.goto(url)
            page.wait_for_function(USEFUL, timeout=PAINT_TIMEOUT_MS)
            yield name, time.monotonic() - began_s
            context.close()
