"""The demo's live services with the real clients, and what is left of it once it is removed."""

import random
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import anthropic
import openai
import pytest
from watchkeeper_collector.demo.live import application, model_server
from watchkeeper_collector.demo.live.application import SERVICES, Visit, serve_customers
from watchkeeper_collector.demo.live.model_server import ModelServer
from watchkeeper_collector.demo.shop import choose_subject, load_shop

from tests.collector import CollectorProcess
from tests.otlp.requests import make_span, trace_request

PROTOBUF = {"content-type": "application/x-protobuf"}
CALL = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """The bundled models, in no hurry to pretend that they think."""
    for name in ("FIRST_TOKEN_S", "PIECE_S"):
        monkeypatch.setattr(model_server, name, 0.0)
    with ModelServer() as server:
        yield server


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_answers_its_customers(models: ModelServer, name: str) -> None:
    visit = Visit("u", "s", choose_subject(random.Random(3), load_shop()))
    with closing(SERVICES[name](models.url)) as service:
        answers = [service.answer(visit, question) for question in ("Is it waterproof?", "And how heavy?")]
    assert all(len(answer) > 20 for answer in answers)
    assert sum(message["role"] == "assistant" for message in visit.history) >= 2


@pytest.mark.parametrize("name", SERVICES)
def test_customers_keep_coming(models: ModelServer, name: str) -> None:
    with closing(SERVICES[name](models.url)) as service:
        assert len(list(islice(serve_customers(service, random.Random(1)), 12))) == 12


def test_a_rate_limit_is_told_as_the_provider_tells_it(
    models: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_server, "LIMITED_FROM_S", 0.0)
    monkeypatch.setattr(model_server, "LIMITED_UNTIL_S", model_server.CYCLE_S)
    with closing(SERVICES["shop-assistant"](models.url)) as service:
        with pytest.raises(openai.RateLimitError, match="Rate limit reached"):
            service.answer(Visit("u", "s", choose_subject(random.Random(1), load_shop())), "Hello?")
        assert len(list(islice(serve_customers(service, random.Random(1)), 3))) == 3


def test_while_a_provider_is_down_each_of_its_models_is_tried(
    models: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_server, "DOWN_FROM_S", 0.0)
    monkeypatch.setattr(model_server, "DOWN_UNTIL_S", model_server.CYCLE_S)
    monkeypatch.setattr(application, "BACKOFF_S", 0.0)
    with closing(SERVICES["order-support"](models.url)) as service:
        with pytest.raises(anthropic.InternalServerError, match="Overloaded"):
            service.answer(Visit("u", "s", choose_subject(random.Random(1), load_shop())), "Where is it?")
        assert len(list(islice(serve_customers(service, random.Random(1)), 3))) == 3


def test_a_script_reads_documents_until_it_is_over(models: ModelServer) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) == 4

    with closing(application.Assistant(models.url)) as assistant:
        application.run_script(assistant, random.Random(1), wait)
    assert waits == [application.SCRIPT_FROM_S, *[application.SCRIPT_PAUSE_S] * 3]


def test_removing_the_demo_leaves_everything_else(tmp_path: Path) -> None:
    demo = CollectorProcess(tmp_path / "data", default_project="demo", segment_age_s=0.05)
    with demo:
        assert store_call(demo, 1) == {"project": "demo", "spans": 1}
    with CollectorProcess(tmp_path / "data", segment_age_s=0.05) as own:
        assert store_call(own, 2) == {"project": "demo", "spans": 1}
        assert own.ask("/api/v1/demo", method="DELETE").status == 204
        assert own.get("/api/v1/demo") == {"project": "demo", "spans": 0}
        assert own.get("/api/v1/query?measures=calls")["rows"] == [{"calls": 1}]


def store_call(collector: CollectorProcess, number: int) -> object:
    """Send a call and wait until it is stored: what is said of the demo then."""
    span = make_span(CALL, span_id=number.to_bytes(8, "big"), start_time_unix_nano=time.time_ns())
    body = trace_request(span).SerializeToString()
    collector.until_ready()
    assert collector.ask("/v1/traces", method="POST", body=body, headers=PROTOBUF).status == 200
    collector.until(lambda: collector.get("/api/v1/query?measures=calls")["rows"] == [{"calls": 1}])
    return collector.get("/api/v1/demo")
