"""`instrument()` never raises, whatever the environment, the arguments and the clients are like."""

import functools
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import watchkeeper
from watchkeeper import Handle, Settings, active
from watchkeeper.importing import ImportWatch
from watchkeeper.providers.catalogue import PROVIDERS, Provider
from watchkeeper.settings import read_usable_settings

from tests.sdk.collector import Collector, Seen
from tests.sdk.conftest import Watch

PROGRAM = """
import sys, logging
logging.basicConfig(format="%(name)s %(message)s", stream=sys.stdout)
import watchkeeper
handle = watchkeeper.instrument(endpoint=sys.argv[1], capture="all")

@watchkeeper.agent
def answer(question):
    return "In Norway."

assert answer("Where is Oslo?") == "In Norway."
assert handle.tracer_provider.get_tracer("app")
handle.shutdown(5)
"""


@pytest.fixture(autouse=True)
def _no_registrations() -> Iterator[None]:
    yield
    active.registrations.clear()


@pytest.fixture
def start(collector: Collector) -> Iterator[Callable[..., Handle]]:
    """`instrument()` as in production: faults of ours go no further."""
    handles: list[Handle] = []

    def instrument(**settings: Any) -> Handle:
        handles.append(watchkeeper.instrument(**{"endpoint": collector.endpoint, **settings}))
        return handles[-1]

    yield instrument
    for handle in handles:
        handle.shutdown(5)


@pytest.mark.parametrize(
    "environ",
    [
        {"OTEL_PYTHON_TRACER_PROVIDER": "nobodys"},
        {"OTEL_PYTHON_TRACER_PROVIDER": "nobodys", "OTEL_PYTHON_METER_PROVIDER": "nobodys"},
        {
            "OTEL_PYTHON_CONTEXT": "nobodys",
            "OTEL_PROPAGATORS": "nobodys",
            "OTEL_TRACES_SAMPLER": "nobodys",
            "OTEL_RESOURCE_ATTRIBUTES": "a=1,,%zz=,b",
        },
        {"OTEL_SPAN_EVENT_COUNT_LIMIT": "1e3", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "-5"},
        {"OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "nobodys", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere"},
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json", "OTEL_EXPORTER_OTLP_COMPRESSION": "lz4"},
        {"WATCHKEEPER_QUEUE_BYTES": "many", "WATCHKEEPER_PROVIDERS": "nobodys"},
    ],
    ids=" ".join,
)
def test_a_wrong_environment_stops_nothing(environ: dict[str, str], collector: Collector) -> None:
    """Each in a process of its own: OpenTelemetry reads its variables once."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, collector.endpoint],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [span.name for span in collector.spans()] == ["invoke_agent answer"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"capture": "some"}, "capture is 'some', but one of none, sampled, all is expected."),
        ({"capture": ["all"]}, "capture is ['all'], but one of none, sampled, all is expected."),
        ({"sample_ratio": "ten"}, "sample_ratio is 'ten', but a number is expected."),
        ({"sample_ratio": float("nan")}, "sample_ratio is nan, but a number of zero or more is expected."),
        ({"redact": "yes, please"}, "redact is 'yes, please', but "),
        ({"queue_bytes": -1}, "queue_bytes is -1, but a number of more than zero is expected."),
        ({"export_interval_s": 0}, "export_interval_s is 0, but a number of more than zero is expected."),
        ({"timeout_s": float("inf")}, "timeout_s is inf, but a number of more than zero is expected."),
        ({"disabled": "no"}, "disabled is 'no', but True or False is expected."),
        ({"service_name": 7}, "service_name is 7, but a text is expected."),
        ({"headers": "a=b"}, "headers is of type str, but a mapping of texts is expected."),
        ({"api_key": b"sk-secret"}, "api_key is of type bytes, but a text is expected."),
        ({"providers": 3}, "providers is 3, but a list of names is expected."),
        ({"providers": ["nobodys"]}, "providers has 'nobodys', but only openai, "),
        ({"endpoint": "not a url"}, "endpoint is 'not a url', but a URL such as http://localhost:4318"),
        ({"servce_name": "x"}, "There is no setting 'servce_name'; did you mean 'service_name'?"),
        ({"zzz": 1}, "There is no setting 'zzz'."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_a_wrong_setting_is_told_in_one_line(
    settings: dict[str, Any], told: str, start: Callable[..., Handle], caplog: pytest.LogCaptureFixture
) -> None:
    handle = start(**settings)
    assert handle.is_open
    (line,) = [record.getMessage() for record in caplog.records if record.name == "watchkeeper"]
    assert told in line
    assert "sk-secret" not in line


@pytest.mark.parametrize(
    "wrong", [{"capture": "no"}, {"sample_ratio": "x"}, {"redact": 1}, {"capure": "none"}]
)
def test_with_a_wrong_setting_about_content_none_is_captured(wrong: dict[str, Any]) -> None:
    settings, told = read_usable_settings({"capture": "all", **wrong}, {})
    assert settings.capture == "none"
    assert "No content is captured." in told


def test_a_wrong_setting_leaves_the_others_in_force() -> None:
    environ = {"WATCHKEEPER_TIMEOUT_S": "soon", "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318/"}
    settings, told = read_usable_settings({"service_name": "shop", "capture": "all"}, environ)
    assert settings == Settings(service_name="shop", endpoint="http://collector:4318", capture="all")
    assert told == "WATCHKEEPER_TIMEOUT_S is 'soon', but a number is expected."


def test_a_handle_that_cannot_be_made_is_a_disabled_one(
    start: Callable[..., Handle], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no")

    monkeypatch.setattr("watchkeeper.handle.Measuring", fail)
    handle = start()
    assert handle.settings.disabled
    assert not handle.is_open
    assert handle.flush(1)
    assert handle.stats()["sent"] == 0
    assert handle.shutdown(1)
    assert "OSError" in caplog.text


def test_a_client_that_cannot_be_wrapped_leaves_the_others(
    start: Callable[..., Handle], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Provider("broken", "pytest", "sys", "watchkeeper.nowhere", (9,))
    monkeypatch.setitem(PROVIDERS, "broken", broken)  # type: ignore[arg-type]
    watchkeeper.register(SimpleNamespace, "nothing", reader=None, provider="acme")  # type: ignore[arg-type]
    handle = start()
    assert handle.stats()["faults"]["Installation._instrument"] == 1
    watchkeeper.score(object(), name="helpful", trace_id="0" * 31 + "1")  # type: ignore[arg-type]
    assert handle.stats()["faults"]["_export_score"] == 1


def test_instrument_twice_is_once_from_many_threads(start: Callable[..., Handle]) -> None:
    handles: list[Handle] = []
    threads = [threading.Thread(target=lambda: handles.append(start())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(handle) for handle in handles}) == 1


def test_a_handle_that_was_shut_down_makes_room_for_another(start: Callable[..., Handle]) -> None:
    first = start()
    first.shutdown(5)
    assert start() is not first
    assert active.recorder() is not None


class Odd:
    """A loader that may not be changed."""

    __slots__ = ()

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.is_executed = True  # type: ignore[attr-defined]


class Finder:
    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, Odd()) if name == "odd_module" else None  # type: ignore[arg-type]


def test_a_module_of_any_loader_is_noticed_and_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [object(), Finder(), *sys.meta_path])
    watch, seen = ImportWatch(), []
    watch.when_imported("odd_module", lambda: seen.append("odd"))
    import odd_module  # type: ignore[import-not-found]  # noqa: PLC0415

    watch.close()
    del sys.modules["odd_module"]
    assert odd_module.is_executed
    assert isinstance(odd_module.__spec__.loader, Odd)
    assert seen == ["odd"]


def test_any_callable_can_be_traced(watch: Watch, seen: Callable[[Handle], list[Seen]]) -> None:
    class Tools:
        @watchkeeper.tool
        @staticmethod
        def add(one: int, two: int) -> int:
            return one + two

        @watchkeeper.tool
        @classmethod
        def name(cls) -> str:
            return cls.__name__

    handle = watch()
    assert Tools.add(1, two=2) == Tools().add(2, 1) == 3
    assert Tools.name() == "Tools"
    assert watchkeeper.trace(functools.partial(pow, 2))(3) == 8
    assert watchkeeper.trace(min)(2, 1) == 1
    assert len(seen(handle)) == 5


def test_faults_are_told_as_warnings_and_no_more(
    start: Callable[..., Handle], caplog: pytest.LogCaptureFixture
) -> None:
    start(timeout_s="x", capture="y", nobodys=1)
    assert {record.levelno for record in caplog.records if record.name == "watchkeeper"} == {logging.WARNING}
