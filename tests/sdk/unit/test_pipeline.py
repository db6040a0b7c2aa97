"""The way to the collector: outages, bounds, forks, exits."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from watchkeeper import Handle, score, trace
from watchkeeper.byte_queue import ByteQueue
from watchkeeper.guard import Guard
from watchkeeper.packing import Packer

from tests.sdk.collector import Collector, Seen
from tests.sdk.conftest import Watch

SeenBy = Callable[[Handle], list[Seen]]
PROGRAM = """
import os, sys
import watchkeeper

handle = watchkeeper.instrument(endpoint=sys.argv[1], exit_timeout_s=5.0)

@watchkeeper.trace(name=sys.argv[2])
def work():
    return os.getpid()

work()
{more}
"""


@pytest.fixture
def own_collector() -> Iterator[Collector]:
    """One that a test may stop."""
    with Collector() as running:
        yield running


@trace(name="work")
def work(load: str = "") -> str:
    return load


def test_spans_of_an_outage_arrive_when_it_is_over(own_collector: Collector, watch: Watch) -> None:
    handle = watch(endpoint=own_collector.endpoint, export_interval_s=0.02)
    own_collector.stop()
    work()
    assert handle.flush(5) is False
    work()
    assert handle.flush(5) is False
    own_collector.start()
    assert handle.flush(5) is True
    assert [span.name for span in own_collector.spans()] == ["work", "work"]
    assert handle.stats()["dropped"] == 0


def test_an_outage_is_told_once(
    own_collector: Collector, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    own_collector.stop()
    handle = watch(endpoint=own_collector.endpoint)
    for _ in range(3):
        work()
        handle.flush(5)
    warnings = [record.getMessage() for record in caplog.records if record.name == "watchkeeper"]
    assert len(warnings) == 1
    assert f"'{own_collector.endpoint}' cannot be reached" in warnings[0]


def test_memory_is_bounded_and_the_oldest_go_first(own_collector: Collector, watch: Watch) -> None:
    own_collector.status = 503
    handle = watch(endpoint=own_collector.endpoint, queue_bytes=200_000, export_interval_s=60)
    for number in range(100):
        work(f"{number:03}" + "x" * 10_000)
        assert handle.stats()["waiting_bytes"] <= 200_000
    own_collector.status = 200
    assert handle.flush(10)
    arrived = [str(span.attributes["input.value"])[9:12] for span in own_collector.spans()]
    stats = handle.stats()
    assert arrived == [f"{number:03}" for number in range(100 - len(arrived), 100)]
    assert stats["sent"] + stats["dropped"] == 100
    assert stats["dropped"] > 50


def test_a_refusal_is_counted_and_not_repeated(own_collector: Collector, watch: Watch) -> None:
    own_collector.status = 400
    handle = watch(endpoint=own_collector.endpoint)
    work()
    assert handle.flush(5)
    own_collector.status = 200
    assert handle.flush(5)
    assert own_collector.spans() == []
    assert handle.stats()["refused"] == 1


def test_no_request_is_larger_than_it_may_be(collector: Collector, watch: Watch, seen: SeenBy) -> None:
    handle = watch(request_bytes=50_000, export_interval_s=60)
    for _ in range(60):
        work("ø" * 4_000)
    assert len(seen(handle)) == 60
    sizes = [len(request.body) for request in collector.received if request.path == "/v1/traces"]
    assert len(sizes) > 5
    assert max(sizes) <= 50_000


def test_long_content_is_cut_inside_its_texts(watch: Watch, seen: SeenBy) -> None:
    handle = watch(content_bytes=10_000)
    work("a" * 100_000)
    (span,) = seen(handle)
    assert len(str(span.attributes["input.value"])) <= 10_000
    assert span.content("input.value")["load"].endswith("a…")
    assert span.attributes["watchkeeper.content.cut"] is True


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_thread_is_started_anew_after_what_ends_threads(own_collector: Collector, watch: Watch) -> None:
    ends = [SystemExit()]

    def redact(text: str) -> str:
        if ends:
            raise ends.pop()
        return text

    handle = watch(endpoint=own_collector.endpoint, redact=redact, export_interval_s=0.01, strict=False)
    work("lost with the thread")
    while handle._pipeline._thread is not None:
        sleep(0.001)
    work("sent by another")
    assert handle.flush(10)
    assert len(own_collector.spans()) == 1


def test_spans_are_sent_at_exit(own_collector: Collector) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(more=""), own_collector.endpoint, "at-exit"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [span.name for span in own_collector.spans()] == ["at-exit"]


def test_exit_does_not_wait_for_an_absent_collector(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(more="print('done')"), "http://127.0.0.1:9", "lost"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "done\n")


FORKS = """
pid = os.fork()
work()
if pid == 0:
    handle.flush(5)
    os._exit(0)
os.waitpid(pid, 0)
"""


def test_a_forked_child_sends_its_own_spans_and_no_others(own_collector: Collector) -> None:
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM.format(more=FORKS), own_collector.endpoint, "x"],
        check=True,
        timeout=60,
    )
    spans = own_collector.spans()
    assert len(spans) == 3
    assert len({span.span_id for span in spans}) == 3


CHILD = """
import multiprocessing

child = multiprocessing.get_context("fork").Process(target=work)
child.start()
child.join()
"""


def test_a_child_of_multiprocessing_sends_its_spans_when_it_leaves(own_collector: Collector) -> None:
    subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            PROGRAM.format(more=CHILD),
            own_collector.endpoint,
            "x",
        ],
        check=True,
        timeout=60,
    )
    assert len(own_collector.spans()) == 2


def test_a_score_is_sent_to_the_api(collector: Collector, watch: Watch) -> None:
    handle = watch(api_key="key")
    score(0.5, name="helpful", trace_id="0" * 31 + "1", comment="so")
    assert handle.flush(5)
    (request,) = [request for request in collector.received if request.path == "/api/v1/scores"]
    sent = json.loads(request.body)
    assert len(sent.pop("id")) == 32
    assert datetime.fromisoformat(sent.pop("timestamp")).tzinfo is not None
    assert sent == {"value": 0.5, "name": "helpful", "trace_id": "0" * 31 + "1", "comment": "so"}
    assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(("value", "sent"), [(True, True), ("off-topic", "off-topic"), (2, 2.0)])
def test_a_score_is_a_number_a_yes_or_no_or_a_word(
    collector: Collector, watch: Watch, value: bool | str | float, sent: bool | str | float
) -> None:
    handle = watch()
    score(value, name="topic", trace_id="0" * 31 + "1")
    assert handle.flush(5)
    (request,) = [request for request in collector.received if request.path == "/api/v1/scores"]
    got = json.loads(request.body)["value"]
    assert (got, type(got)) == (sent, type(sent))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "", "x" * 201, None, []])
def test_what_is_no_score_is_counted_as_a_fault(watch: Watch, value: object) -> None:
    handle = watch(strict=False)
    score(value, name="topic", trace_id="0" * 31 + "1")  # type: ignore[arg-type]
    assert handle.stats()["faults"]["_export_score"] == 1


def test_headers_and_compression_come_from_the_settings(collector: Collector, watch: Watch) -> None:
    handle = watch(compression="gzip", headers={"x-team": "search"}, api_key="wk-1")
    work()
    assert handle.flush(5)
    request = collector.received[0]
    sent = {name: request.headers[name] for name in ("Authorization", "X-Team", "Content-Encoding")}
    assert sent == {"Authorization": "Bearer wk-1", "X-Team": "search", "Content-Encoding": "gzip"}
    with pytest.raises(Exception, match="parsing"):
        ExportTraceServiceRequest.FromString(request.body)


def test_the_queue_can_be_put_to_while_it_is_put_to() -> None:
    """As when the garbage collector interrupts ``put`` and ends an abandoned call."""
    queue: ByteQueue[object] = ByteQueue(1_000)
    with queue._lock:
        queue.put("inner", 100)
    assert queue.take() == ("inner", 100)
    assert queue.take() is None


def test_an_item_heavier_than_the_queue_is_dropped_alone() -> None:
    queue: ByteQueue[str] = ByteQueue(100)
    queue.put("small", 60)
    queue.put("huge", 101)
    assert queue.dropped == 1
    assert queue.take() == ("small", 60)


def test_a_request_ends_although_the_application_queues_faster_than_it_is_packed() -> None:
    kept: list[Any] = []
    provider = TracerProvider(shutdown_on_exit=False)
    span: Any = provider.get_tracer("test").start_span("span")
    queue: ByteQueue[Any] = ByteQueue(1 << 20)

    def finish(item: Any) -> Any:
        kept.append(item)
        assert len(kept) < 1_000
        queue.put(span, 1_000)
        queue.put(span, 1_000)
        return span

    queue.put(span, 1_000)
    packed = Packer(finish, Guard(is_strict=True), request_bytes=40_000).pack(queue)
    assert packed is not None
    assert packed.spans == 10


def test_the_sdk_does_not_import_what_it_does_not_need() -> None:
    probe = "import sys, watchkeeper; watchkeeper.instrument(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"openai", "requests", "grpc", "genai_prices", "pydantic", "httpx", "httpx2"}
