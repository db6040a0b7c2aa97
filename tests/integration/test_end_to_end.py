"""From the official exporters through a running collector to its answers."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind

from tests.collector import CollectorProcess
from tests.javascript import WAYS, send_from_javascript
from tests.otlp.requests import make_span, trace_request

MIB = 1 << 20
PROTOBUF = {"content-type": "application/x-protobuf"}
SCOPES = ["ingest", "read", "content", "admin"]
CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
    "gen_ai.usage.input_tokens": 1_000_000,
    "gen_ai.usage.output_tokens": 10,
}


class Door:
    """A collector that is ready and knows prices, with an API key."""

    def __init__(self, collector: CollectorProcess) -> None:
        self.collector = collector.until_ready()
        collector.until(lambda: collector.get("/api/v1/status")["workers"]["prices"]["rounds"])
        made = collector.ask("/api/v1/keys", method="POST", body={"name": "tests", "scopes": SCOPES})
        self.key = made.json()["key"]

    def get(self, path: str) -> Any:
        return self.collector.get(path, key=self.key)

    def post(self, body: bytes, **headers: str) -> int:
        answer = self.collector.ask(
            "/v1/traces", method="POST", key=self.key, body=body, headers=PROTOBUF | headers
        )
        return answer.status

    def trace(self, trace_id: str, spans: int) -> list[Mapping[str, Any]]:
        """The spans of a trace in the order of their start, once there are so many."""

        def found() -> list[Mapping[str, Any]]:
            answer = self.collector.ask(f"/api/v1/traces/{trace_id}", key=self.key)
            return answer.json()["spans"] if answer.status == 200 else []

        self.collector.until(lambda: len(found()) == spans)
        return found()

    def spans(self, words: str = "") -> int:
        """How many are stored, by SQL, duplicates and all."""
        query = f"SELECT count() FROM spans {words}"
        answer = self.collector.ask("/api/v1/sql", method="POST", key=self.key, body={"query": query})
        return int(answer.json()["rows"][0][0])

    def until_drained(self) -> None:
        self.collector.until(lambda: self.get("/api/v1/status")["spool"]["segments"] == 0)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("end-to-end") / "data"
    with CollectorProcess(folder, segment_age_s=0.05, settle_interval_s=0.3) as collector:
        yield Door(collector)


def over_http(kind: Any, signal: str, compression: Compression) -> Callable[[Door], Any]:
    return lambda door: kind(
        f"{door.collector.http}/v1/{signal}", headers={"x-api-key": door.key}, compression=compression
    )


def over_grpc(kind: Any, compression: grpc.Compression) -> Callable[[Door], Any]:
    return lambda door: kind(
        door.collector.grpc, insecure=True, headers={"x-api-key": door.key}, compression=compression
    )


EXPORTERS = {
    "http": (
        over_http(HttpSpanExporter, "traces", Compression.NoCompression),
        over_http(HttpLogExporter, "logs", Compression.NoCompression),
    ),
    "http-gzip": (
        over_http(HttpSpanExporter, "traces", Compression.Gzip),
        over_http(HttpLogExporter, "logs", Compression.Gzip),
    ),
    "grpc": (
        over_grpc(GrpcSpanExporter, grpc.Compression.NoCompression),
        over_grpc(GrpcLogExporter, grpc.Compression.NoCompression),
    ),
    "grpc-gzip": (
        over_grpc(GrpcSpanExporter, grpc.Compression.Gzip),
        over_grpc(GrpcLogExporter, grpc.Compression.Gzip),
    ),
}


def messages(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}], ensure_ascii=False)


@pytest.mark.parametrize("way", EXPORTERS)
def test_a_call_of_pythons_exporters_is_answered_with_model_cost_and_words(door: Door, way: str) -> None:
    """The prompt is on the span, the answer on a log record, the user on the application's own span."""
    span_exporter, log_exporter = EXPORTERS[way]
    tracing, logging = TracerProvider(), LoggerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(span_exporter(door)))
    logging.add_log_record_processor(SimpleLogRecordProcessor(log_exporter(door)))
    tracer = tracing.get_tracer("tests")
    with (
        tracer.start_as_current_span(
            "POST /chat", attributes={"user.id": "u-1", "session.id": "s-1"}
        ) as root,
        tracer.start_as_current_span("chat gpt-4o-mini", kind=SpanKind.CLIENT, attributes=CALL) as span,
    ):
        span.set_attribute("gen_ai.input.messages", messages("user", f"Grüße über {way} 🦉"))
        answer = {"gen_ai.output.messages": messages("assistant", "Guten Tag")}
        name = "gen_ai.client.inference.operation.details"
        logging.get_logger("tests").emit(LogRecord(event_name=name, attributes=answer))
    tracing.shutdown()
    logging.shutdown()
    trace_id = f"{root.get_span_context().trace_id:032x}"
    door.until_drained()
    _, call = door.trace(trace_id, spans=2)
    assert (call["kind"], call["provider"], call["response_model"]) == (
        "llm",
        "openai",
        "gpt-4o-mini-2024-07-18",
    )
    assert (call["input_tokens"], call["output_tokens"]) == (1_000_000, 10)
    assert call["cost_usd"] == pytest.approx(0.15 + 10 * 0.6e-6)
    assert call["input_messages"] == json.loads(messages("user", f"Grüße über {way} 🦉"))
    assert call["output_messages"][0]["parts"] == [{"type": "text", "content": "Guten Tag"}]
    door.collector.until(lambda: door.trace(trace_id, spans=2)[1]["user_id"] == "u-1")
    assert door.trace(trace_id, spans=2)[1]["session_id"] == "s-1"


@pytest.mark.parametrize("way", WAYS)
def test_a_call_of_javascripts_exporters_is_answered_likewise(door: Door, way: str) -> None:
    before = len(door.get("/api/v1/traces?filter=service:javascript")["items"])
    send_from_javascript(door.collector.http, way, door.key)
    listed = "/api/v1/spans?filter=service:javascript&limit=2"
    door.collector.until(
        lambda: len(door.get("/api/v1/traces?filter=service:javascript")["items"]) == before + 2
    )
    newest, call = (door.trace(found["trace_id"], spans=1)[0] for found in door.get(listed)["items"])
    assert (call["provider"], call["request_model"], call["input_tokens"]) == ("openai", "gpt-4o-mini", 1000)
    assert call["cost_usd"] == pytest.approx(1000 * 0.15e-6 + 10 * 0.6e-6)
    assert call["input_messages"] == json.loads(messages("user", "Grüße 🦉"))
    attributes = newest["attributes"]
    assert (attributes["text"], attributes["large"], attributes["yes"]) == (
        "Grüße 🦉",
        "9007199254740991",
        "true",
    )
    assert json.loads(attributes["numbers"]) == [1, 2.5]
    assert (newest["is_error"], newest["error_type"]) == (True, "RateLimitError")
    assert newest["links"][0]["trace_id"] == call["trace_id"]


def call_with(prompt: str, number: int) -> bytes:
    span = make_span(
        CALL | {"gen_ai.input.messages": messages("user", prompt)},
        trace_id=number.to_bytes(16, "big"),
        start_time_unix_nano=time.time_ns(),
    )
    return trace_request(span).SerializeToString()


def test_a_prompt_of_a_mebibyte_is_answered_whole(door: Door) -> None:
    prompt = "wärum? " * (MIB // 8 - 10)
    assert MIB - 100 < len(messages("user", prompt).encode()) <= MIB
    assert door.post(gzip.compress(call_with(prompt, 0xA1)), **{"content-encoding": "gzip"}) == 200
    [call] = door.trace(f"{0xA1:032x}", spans=1)
    assert call["input_messages"] == [{"role": "user", "parts": [{"type": "text", "content": prompt}]}]
    assert (call["content_cut_chars"], call["input_chars"]) == (0, len(prompt))


def test_a_longer_prompt_is_cut_inside_its_text_and_says_so(door: Door) -> None:
    prompt = "why? " * (3 * MIB // 5)
    assert door.post(call_with(prompt, 0xA2)) == 200
    [call] = door.trace(f"{0xA2:032x}", spans=1)
    [message] = call["input_messages"]
    kept = message["parts"][0]["content"]
    assert MIB - 200 < len(kept) < MIB
    assert prompt.startswith(kept)
    assert call["content_cut_chars"] == len(prompt) - len(kept)
    assert call["cost_usd"] == pytest.approx(0.15 + 10 * 0.6e-6)


def test_an_empty_request_succeeds_and_stores_nothing(door: Door) -> None:
    before = door.get("/api/v1/status")["spool"]["appended_records"]
    assert door.post(b"") == 200
    empty = door.collector.ask("/v1/traces", method="POST", key=door.key, body={})
    assert (empty.status, empty.json()) == (200, {})
    assert door.get("/api/v1/status")["spool"]["appended_records"] == before


def test_bombs_are_refused_while_others_are_served(door: Door) -> None:
    bomb = gzip.compress(b"\x0a\x00" * (32 * MIB), 9)
    refusals: list[int] = []

    def throw() -> None:
        refusals.extend(door.post(bomb, **{"content-encoding": "gzip"}) for _ in range(3))

    throwers = [threading.Thread(target=throw) for _ in range(2)]
    for thrower in throwers:
        thrower.start()
    served = [door.post(call_with("hello", 0xB000 + number)) for number in range(20)]
    for thrower in throwers:
        thrower.join()
    assert served == [200] * 20
    assert set(refusals) <= {400, 413}
    assert len(refusals) == 6
    door.until_drained()
    assert door.spans(f"WHERE TraceId >= '{0xB000:032x}' AND TraceId < '{0xB000 + 20:032x}'") == 20


def test_a_restart_keeps_everything_and_a_retry_across_it_is_stored_once(tmp_path: Path) -> None:
    with CollectorProcess(tmp_path / "data", segment_age_s=0.05) as collector:
        door = Door(collector)
        bodies = [call_with(f"question {number}", number) for number in range(1, 6)]
        assert [door.post(body) for body in bodies] == [200] * 5
        before = [door.trace(f"{number:032x}", spans=1) for number in range(1, 6)]
        assert collector.stop() == 0
        collector.start().until_ready()
        assert [door.post(body) for body in bodies] == [200] * 5
        door.until_drained()
        assert [door.trace(f"{number:032x}", spans=1) for number in range(1, 6)] == before
        assert door.spans() == 5
        collector.kill()
        collector.start().until_ready()
        assert [door.post(body) for body in bodies] == [200] * 5
        door.until_drained()
        assert door.spans() == 5
        assert door.get("/api/v1/status")["spool"]["duplicates"] == 5
