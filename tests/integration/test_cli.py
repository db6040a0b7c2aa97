"""The commands against a running collector, and the collector that a command starts."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from watchkeeper_collector.demo.sender import Sender
from watchkeeper_collector.demo.trace import build_request
from watchkeeper_collector.demo.traffic import Plan, generate_traces

from tests.collector import CollectorProcess

ROOT = Path(__file__).parents[2]
WATCHKEEPER = [sys.executable, "-m", "watchkeeper_collector"]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("WATCHKEEPER_", "OTEL_"))}
TRACES = 60
OWN_MODEL = "shop-intent-7b-r2"

Done = subprocess.CompletedProcess[str]


def run(collector: CollectorProcess, *words: str, key: str = "") -> Done:
    environment = CLEAN | {"WATCHKEEPER_URL": collector.http, "WATCHKEEPER_API_KEY": key}
    return subprocess.run(
        [*WATCHKEEPER, *words], env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def send_shop_traffic(collector: CollectorProcess) -> None:
    """Sixty traces of the demo's shop, of the last day."""
    traces = islice(generate_traces(Plan(time.time(), history_days=1)), TRACES)
    groups = [group for trace in traces for group in trace.resource_spans()]
    Sender(collector.http, threading.Event()).send("traces", build_request(groups))


def is_settled(collector: CollectorProcess) -> bool:
    """Everything is stored, and only the shop's own model is without a price."""
    spool = collector.get("/api/v1/status")["spool"]
    if spool["drained_items"] < spool["appended_items"]:
        return False
    unpriced = collector.get("/api/v1/prices/unpriced")["items"]
    return {found["model"] for found in unpriced if found["reason"] == "no_price"} == {OWN_MODEL}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    """A collector that holds some of the shop's traces, with their costs."""
    with CollectorProcess(tmp_path_factory.mktemp("shop"), segment_age_s=0.05) as collector:
        collector.until_ready()
        send_shop_traffic(collector)
        collector.until(lambda: is_settled(collector))
        yield collector


def test_query_answers_what_was_spent(shop: CollectorProcess) -> None:
    done = run(shop, "query", "cost_usd, calls by model last 2d")
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["MODEL", "COST_USD", "CALLS"]
    costs = {row.split()[0]: row.split()[1] for row in rows}
    assert costs["gpt-5-mini-2025-08-07"].startswith("$0.")
    assert OWN_MODEL in costs


def test_query_in_json_and_csv_holds_the_same_rows(shop: CollectorProcess) -> None:
    question = "calls by service last 2d order service"
    rows = json.loads(run(shop, "query", question, "--format", "json").stdout)["rows"]
    lines = run(shop, "query", question, "--format", "csv").stdout.splitlines()
    assert [f'"{row["service"]}",{row["calls"]}' for row in rows] == lines[1:]
    assert {row["service"] for row in rows} == {"order-support", "product-search", "shop-assistant"}


def test_wrong_measure_is_a_wrong_use_with_a_suggestion(shop: CollectorProcess) -> None:
    done = run(shop, "query", "cost_usdd by model")
    assert done.returncode == 2
    assert "cost_usd" in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_wrong_filter_names_the_column(shop: CollectorProcess) -> None:
    done = run(shop, "query", "calls where model:(a")
    assert done.returncode == 2
    assert "column" in done.stderr


def test_tail_shows_calls_with_the_first_words_of_their_answers(shop: CollectorProcess) -> None:
    done = run(shop, "tail", "--no-follow", "-n", "500", "--since", "2d")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert any("→ search_products" in line for line in lines)
    assert any(re.search(r"gpt-5-mini-\S+ +[\d.]+ m?s .*\d → \d+ +\$0\.\d+  \w", line) for line in lines)


def test_doctor_finds_a_healthy_collector_well(shop: CollectorProcess) -> None:
    done = run(shop, "doctor", "--grpc", shop.grpc, "--data", str(shop.settings["data_dir"]))
    assert "WRONG" not in done.stdout
    assert "All is well." in done.stderr
    assert done.returncode == 0
    assert re.search(r"ok +reading back +The API shows what was sent", done.stdout)


def test_own_price_gives_stored_calls_a_cost_and_can_be_taken_back(shop: CollectorProcess) -> None:
    assert OWN_MODEL in run(shop, "prices", "unpriced").stdout
    words = ("prices", "set", "vllm", OWN_MODEL, "--input", "0.05", "--output", "0.10")
    assert run(shop, *words).returncode == 0
    assert f"{OWN_MODEL}" in run(shop, "prices", "list", "--model", OWN_MODEL).stdout
    assert run(shop, "prices", "reprice", "--since", "2d", "--model", OWN_MODEL).returncode == 0
    assert OWN_MODEL not in run(shop, "prices", "unpriced").stdout
    assert run(shop, "prices", "remove", "vllm", OWN_MODEL).returncode == 0
    assert OWN_MODEL not in run(shop, "prices", "list", "--model", OWN_MODEL).stdout


def test_without_dead_letters_the_list_is_empty(shop: CollectorProcess) -> None:
    done = run(shop, "dead-letters", "list")
    assert (done.returncode, done.stdout) == (0, "")
    assert "everything was stored" in done.stderr


def test_migrate_brings_both_stores_up_to_date_once(tmp_path: Path) -> None:
    def migrate(*words: str) -> Done:
        command = [*WATCHKEEPER, "migrate", "--data", str(tmp_path / "data"), *words]
        return subprocess.run(command, env=CLEAN, capture_output=True, text=True, check=False, timeout=120)

    first, second = migrate(), migrate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert {"state 0001_keys", "clickhouse 0001_spans"} <= set(first.stdout.splitlines())
    assert second.stdout == ""
    assert "up to date" in second.stderr
    planned = migrate("--dry-run")
    assert (planned.stdout, "0 migrations to apply" in planned.stderr) == ("", True)


def test_first_key_closes_the_doors_to_everybody_else(tmp_path: Path) -> None:
    with CollectorProcess(tmp_path / "data", segment_age_s=0.05) as collector:
        collector.until_ready()
        folder = ("--data", str(tmp_path / "data"))
        key = run(collector, "keys", "create", "--name", "me", "--scope", "admin", *folder).stdout.strip()
        collector.until(lambda: run(collector, "query", "calls").returncode == 1)
        refused = run(collector, "query", "calls")
        assert "WATCHKEEPER_API_KEY" in refused.stderr
        assert run(collector, "query", "calls", key=key).returncode == 0
        assert run(collector, "doctor", "--grpc", collector.grpc, *folder, key=key).returncode == 0
        assert run(collector, "doctor", "--grpc", collector.grpc, *folder).returncode == 1


def test_example_sends_a_call_and_reads_it_back(shop: CollectorProcess) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "hello_opentelemetry.py")],
        env=CLEAN | {"OTEL_EXPORTER_OTLP_ENDPOINT": shop.http},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    expected = (ROOT / "examples" / "README.md").read_text("utf-8")
    assert [line for line in done.stdout.splitlines()[1:] if line not in expected] == []


def open_when_it_answers(url: str) -> bytes:
    """The page of a server that is about to listen."""
    ends_at_s = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as got:
                return bytes(got.read())
        except urllib.error.URLError:
            assert time.monotonic() < ends_at_s
            time.sleep(0.2)


def test_demo_shows_live_traffic_and_leaves_nothing_behind(tmp_path: Path) -> None:
    ports = [word for door in ("http", "grpc", "dashboard") for word in (f"--{door}-port", "0")]
    command = [*WATCHKEEPER, "up", "--demo", *ports]
    environment = CLEAN | {"TMPDIR": str(tmp_path), "COLUMNS": "80"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as demo:
        assert demo.stderr is not None
        said = ""
        for line in demo.stderr:
            said += line
            if "api/v1/query?" in line:
                break
        url = re.search(r"curl -s '(http\S+query\?\S+)'", said)
        assert url is not None, said
        with urllib.request.urlopen(url[1], timeout=30) as got:
            answer = json.load(got)
        dashboard = re.search(r"Dashboard +(http://127\.0\.0\.1:\d+)", said)
        assert dashboard is not None, said
        assert b"Streamlit" in open_when_it_answers(dashboard[1])
        demo.send_signal(signal.SIGINT)
        rest = demo.stderr.read()
        assert demo.wait(60) == 0
    assert {row["model"] for row in answer["rows"]} >= {"gpt-5-2025-08-07", "claude-haiku-4-5-20251001"}
    with pytest.raises(urllib.error.URLError):  # it ended with the collector
        urllib.request.urlopen(dashboard[1], timeout=5)
    assert "Stopped." in rest
    assert "Traceback" not in said + rest
    assert list(tmp_path.iterdir()) == []
