"""One collector for all pages, and the pages as Streamlit's own test harness runs them."""

import time
from collections.abc import Callable, Iterator

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from streamlit.testing.v1 import AppTest
from watchkeeper_dashboard.serving import SCRIPT
from watchkeeper_dashboard.settings import Settings

from tests.collector import CollectorProcess
from tests.dashboard.traffic import SPAN_COUNT, hostile_request, shop_request

START_TIMEOUT_S, PAGE_TIMEOUT_S = 240, 120
OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    """A collector with a shop's day, and with telemetry that wants to be markup."""
    with CollectorProcess(tmp_path_factory.mktemp("site") / "data") as collector:
        wait_until_ready(collector)
        now_ns = time.time_ns()
        for request in (shop_request(now_ns), hostile_request(now_ns)):
            send(collector, request)
        collector.until(lambda: count_spans(collector) == SPAN_COUNT, START_TIMEOUT_S)
        yield collector


def wait_until_ready(collector: CollectorProcess) -> None:
    collector.until(lambda: collector.ask("/readyz").status == 200, START_TIMEOUT_S)


def send(collector: CollectorProcess, request: ExportTraceServiceRequest) -> None:
    headers = {"content-type": "application/x-protobuf"}
    answer = collector.ask("/v1/traces", method="POST", body=request.SerializeToString(), headers=headers)
    assert answer.status == 200, answer.body


def count_spans(collector: CollectorProcess) -> int:
    return int(collector.get("/api/v1/query?measures=spans&start=-2d")["rows"][0]["spans"])


@pytest.fixture
def open_page(site: CollectorProcess) -> OpenPage:
    """``open_page("traces", filter="…")`` runs a page with the parameters of its URL."""

    def run(file: str, **parameters: str) -> AppTest:
        return open_app(site.http, file, **parameters)

    return run


def open_app(url: str, file: str, **parameters: str) -> AppTest:
    app = AppTest.from_file(SCRIPT, default_timeout=PAGE_TIMEOUT_S)
    for name, value in Settings(collector_url=url).as_secrets().items():
        app.secrets[name] = value
    if file != "overview":
        app.switch_page(f"app_pages/{file}.py")
    for name, value in parameters.items():
        app.query_params[name] = value
    return app.run()
