"""Whom the demo pages: the rules that ship, a collector, and the pager that `up --demo` starts."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from watchkeeper_collector.cli.demo_pager import configure_pages, tell
from watchkeeper_collector.demo.pager import Pager, PagerEvent
from watchkeeper_collector.demo.playing import Player
from watchkeeper_collector.demo.sender import Sender
from watchkeeper_collector.demo.traffic import Plan
from watchkeeper_collector.settings import Settings

from tests.collector import CollectorProcess
from tests.notify.services import until
from tests.otlp.requests import make_span, trace_request

FAILED_CALLS = 12
LONGEST_S, WHOLE_STORY_S = 240.0, 1_500.0
"""Bounds for a machine that is busy, never waited for."""
MODELS = ("claude-haiku-4-5", "claude-sonnet-4-6")


@pytest.fixture
def pager() -> Iterator[Pager]:
    with Pager() as pager:
        yield pager


@pytest.fixture
def collector(tmp_path: Path, pager: Pager) -> Iterator[CollectorProcess]:
    pages = configure_pages(Settings(data_dir=tmp_path / "data"), pager.url)
    config, allowed = pages["alerts_config"], pages["egress_allow"]
    assert isinstance(allowed, tuple)
    with CollectorProcess(
        tmp_path / "data",
        default_project="demo",
        segment_age_s=0.05,
        alerts_config=config,
        egress_allow=",".join(allowed),
    ) as collector:
        collector.until(lambda: collector.ask("/readyz").status == 200, LONGEST_S)
        yield collector


def test_an_outage_pages_once_and_what_instrumentations_really_sent_pages_nobody(
    collector: CollectorProcess, pager: Pager
) -> None:
    stop = threading.Event()
    sender = Sender(collector.http, stop)
    Player(Plan(time.time()), sender, stop).replay_captures()
    sender.send("traces", trace_request(*(failed_call(number) for number in range(FAILED_CALLS))))
    until(lambda: pager.incidents.events, "a page", LONGEST_S)
    (page,) = pager.incidents.events
    assert (page.action, page.severity) == ("trigger", "critical")
    assert "ProviderOutage" in page.summary
    assert "anthropic" in page.summary
    firing = collector.get("/api/v1/alerts?state=firing")["items"]
    assert {one["labels"]["alertname"] for one in firing} == {"ProviderOutage", "ProviderOutageRecently"}
    assert pager.incidents.refused == []


def failed_call(number: int) -> Span:
    """A call that Anthropic refused just now, as overloaded."""
    call = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": MODELS[number % 2],
        "error.type": "529",
        "http.response.status_code": 529,
    }
    ended_ns = time.time_ns() - 1_000_000 * number
    span = make_span(
        call,
        span_id=(number + 1).to_bytes(8, "big"),
        start_time_unix_nano=ended_ns,
        end_time_unix_nano=ended_ns,
    )
    span.status.code = 2
    return span


def test_a_page_is_one_line_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    tell(PagerEvent(at, "trigger", "key", "critical", "anthropic\x1b[2J\nfails", {}))
    assert capsys.readouterr().err == "12:00:00 UTC  Page (critical): anthropic fails\n"


@pytest.mark.campaign
def test_the_whole_demo_pages_for_the_outage_and_for_the_spender_and_for_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "watchkeeper_collector", "up", "--demo", "--no-dashboard"]
    ports = ["--http-port", "0", "--grpc-port", "0"]
    log = tmp_path / "demo.log"
    with log.open("w") as file:
        demo = subprocess.Popen([*command, *ports], stderr=file, stdout=file)
    try:
        until(lambda: len(pages(log)) >= 3, "the outage, its end, and the spender", timeout_s=WHOLE_STORY_S)
        time.sleep(180)  # for anything that ought not to come
    finally:
        demo.terminate()
        demo.wait(60)
    outage, over, spender, *rest = pages(log)
    assert "Page (critical)" in outage
    assert "ProviderOutage" in outage
    assert "Resolved (critical)" in over
    assert "Page (warning)" in spender
    assert "user-017" in spender
    assert all("UserAbuse" in line and "Resolved" in line for line in rest)


def pages(log: Path) -> list[str]:
    return [line for line in log.read_text("utf-8").splitlines() if " UTC  " in line]
