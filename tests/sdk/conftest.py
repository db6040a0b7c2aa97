"""Fixtures of the SDK's tests: a collector, and ``instrument()`` that is undone after each test."""

import faulthandler
import logging
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.trace import get_current_span
from watchkeeper import Handle, installing, instrument
from watchkeeper.pricing import Pricing

from tests.sdk.collector import Collector, Seen

TEST_LIMIT_S = 120
EXIT_LIMIT_S = 60
"""A test that hangs fails, and an interpreter that doesn't leave after the last, with all threads' stacks."""

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # its import, here or in a child, asks a server otherwise


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TEST_LIMIT_S))


def pytest_unconfigure() -> None:
    faulthandler.dump_traceback_later(EXIT_LIMIT_S, exit=True, file=sys.__stderr__)


@pytest.fixture(scope="session", autouse=True)
def _versions_are_read_once() -> Iterator[None]:
    """Clients are instrumented thousands of times here, and each reads the metadata of seventeen packages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(installing, "version", cache(installing.version))
        yield


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ("OTEL_", "WATCHKEEPER_", "OPENAI_", "GOOGLE_", "GEMINI_", "AWS_")
    for name in list(os.environ):
        if name.startswith(settings) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_error_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """OpenTelemetry logs what must not happen, such as a context that cannot be detached."""
    yield
    records = caplog.get_records("call")
    wrong = [record.getMessage() for record in records if record.levelno >= logging.ERROR]
    assert wrong == []


@pytest.fixture(autouse=True)
def _no_span_stays_current() -> Iterator[None]:
    """A context that is left attached silences or adopts whatever the thread calls next."""
    yield
    assert not get_current_span().get_span_context().is_valid


@pytest.fixture(scope="session")
def _collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture
def collector(_collector: Collector) -> Collector:
    """Empty for each test. Tests that stop one make their own."""
    _collector.received.clear()
    return _collector


Watch = Callable[..., Handle]


@pytest.fixture
def watch(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """``instrument()`` towards the collector with all content; faults of ours are raised unless told
    otherwise.
    """
    handles: list[Handle] = []

    def start(*, is_priced: bool = False, **settings: Any) -> Handle:
        if not is_priced:
            monkeypatch.setattr(Pricing, "cost", lambda *_: None)
        given = {"endpoint": collector.endpoint, "capture": "all", "strict": True, "service_name": "tests"}
        handles.append(instrument(**{**given, **settings}))
        return handles[-1]

    yield start
    for handle in handles:
        handle.shutdown(5)


@pytest.fixture
def seen(collector: Collector) -> Callable[[Handle], list[Seen]]:
    """Flushes, and gives the spans that the collector has got."""

    def flush(handle: Handle) -> list[Seen]:
        assert handle.flush(10)
        return collector.spans()

    return flush
