"""What arrives on log records completes its span, whichever comes first."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from watchkeeper_collector.pricing.price_table import PriceTable
from watchkeeper_collector.pricing.worker import PriceWorker
from watchkeeper_collector.settling.worker import SettlingWorker

from tests.acceptance.captures import Call, load_calls, load_cases, load_requests
from tests.otlp.requests import SPAN_ID, TRACE_ID, log_request, make_span, trace_request
from tests.otlp.storage import RECEIVED_NS, Tables
from tests.settling import FEATURES, SECOND_NS, SettlingStore, open_settling, rows_by_span

CASES = [case for case in load_cases() if any(one.signal == "logs" for one in load_requests(case))]
HOUR_NS = 3600 * SECOND_NS
HOSTILE = "o'brien\\' OR 1=1 --\t\n{x:String} \N{SNOWMAN}"
WRITTEN = ("spans", "span_content", "trace_index", "otel_logs", "log_features")


class ToldTables(Tables):
    """All tables, with the door of each signal, and a worker."""

    def settle(self) -> None:
        SettlingWorker(self, self.database, clock_ns=lambda: RECEIVED_NS + SECOND_NS).run_round()

    def features(self) -> dict[str, Mapping[str, Any]]:
        return rows_by_span(self, FEATURES, self.database, "shop")

    def only(self) -> Mapping[str, Any]:
        [row] = self.features().values()
        return row


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def opened(request: pytest.FixtureRequest) -> Iterator[ToldTables]:
    tables = ToldTables(request.getfixturevalue(request.param), "settling_logs", only=())
    yield tables
    tables.drop()


@pytest.fixture
def tables(opened: ToldTables) -> ToldTables:
    opened.clear(WRITTEN)
    return opened


@pytest.fixture(scope="module")
def engine(engine_dsn: str) -> Iterator[SettlingStore]:
    with open_settling(engine_dsn, "settling_told") as store:
        yield store


@pytest.fixture
def store(engine: SettlingStore) -> Iterator[SettlingStore]:
    yield engine
    engine.clear()


def captured(signal: str) -> list[Message]:
    kind = {"logs": ExportLogsServiceRequest, "traces": ExportTraceServiceRequest}[signal]
    requests = (request for case in CASES for request in load_requests(case))
    return [kind.FromString(request.body) for request in requests if request.signal == signal]


def event(name: str, body: Any = None, attributes: dict[str, Any] | None = None, **fields: Any) -> Message:
    ids = {"trace_id": TRACE_ID, "span_id": SPAN_ID, "time_unix_nano": RECEIVED_NS}
    return log_request(body, attributes, **{"event_name": name, **ids, **fields})


def details(attributes: dict[str, Any], **fields: Any) -> Message:
    return event("gen_ai.client.inference.operation.details", None, attributes, **fields)


def call(attributes: dict[str, Any] | None = None, **fields: Any) -> Message:
    named = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", **(attributes or {})}
    return trace_request(make_span(named, start_time_unix_nano=RECEIVED_NS, **fields))


def said(role: str, text: str) -> list[dict[str, Any]]:
    return [{"role": role, "parts": [{"type": "text", "content": text}], "finish_reason": "stop"}]


def test_captured_calls_are_whole_whichever_signal_comes_first(tables: ToldTables) -> None:
    states = []
    for order in (("traces", "logs"), ("logs", "traces")):
        tables.clear(WRITTEN)
        for signal in order:
            tables.send(signal, *captured(signal), segment_id=f"{signal} of {order}")
            tables.settle()
        states.append(tables.features())
    assert states[0] == states[1]
    calls = [call for case in CASES for call in load_calls(case)]
    assert len(calls) > 50
    for call in calls:
        check_call(states[0][call.span_id], call)


def check_call(found: Mapping[str, Any], call: Call) -> None:
    """What is not to be asserted is left out: the sender has it wrong."""
    wanted = call.wanted
    expected = {
        "UserId": wanted["user_id"],
        "FinishReason": wanted["finish_reason"],
        "ToolCallCount": None if wanted["tool_calls"] is None else len(wanted["tool_calls"]),
        "OutputChars": wanted["output_text"] and len(wanted["output_text"]),
    }
    if wanted["operation"] != "embeddings":
        expected["InputChars"] = wanted["last_user_message"] and len(wanted["last_user_message"])
    asserted = {name: value for name, value in expected.items() if value is not None}
    assert {name: found[name] for name in asserted} == asserted, call


def test_a_call_on_a_record_has_the_features_of_one_on_the_span(tables: ToldTables) -> None:
    content = {
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.input.messages": json.dumps(said("user", "Wie geht's?")),
        "gen_ai.output.messages": json.dumps(said("assistant", '{"mood": "gut"} ```')),
        "gen_ai.response.finish_reasons": ["length"],
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 8,
        "gen_ai.response.model": "gpt-4o-2024-08-06",
        "gen_ai.response.id": "r1",
        "user.id": "ann",
        "session.id": "s1",
    }
    tables.send("traces", call(content), segment_id="on the span")
    on_span = tables.only()
    tables.clear(WRITTEN)
    tables.send("traces", call(), segment_id="alone")
    tables.send("logs", details(content | {"gen_ai.provider.name": "openai"}), segment_id="record")
    tables.settle()
    on_record = tables.only()
    assert on_record["FromLogs"] == 0b1110111111
    assert on_record == {**on_span, "FromLogs": on_record["FromLogs"]}


def test_the_newest_answer_tells_all_features(tables: ToldTables) -> None:
    tables.send("traces", call({"gen_ai.output.type": "json"}), segment_id="span")
    for number, answer in enumerate(("I'm sorry, I can't help with that.", "{}")):
        content = {"gen_ai.output.messages": json.dumps(said("assistant", answer))}
        record = details(content, time_unix_nano=RECEIVED_NS + number)
        tables.send("logs", record, segment_id=f"answer {number}")
        tables.settle()
        row = tables.only()
        declines = number == 0
        assert (row["IsRefusal"], row["RefusalCue"]) == (declines, "cannot_help" if declines else "")
        assert (row["IsApology"], row["OutputScript"]) == (declines, "Latn" if declines else "")
        assert (row["IsJsonExpected"], row["IsJson"]) == (True, not declines)
        assert bool(row["OutputShingles"]) == declines


def test_a_span_keeps_what_it_was_sent_with(tables: ToldTables) -> None:
    own = {
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06",
        "gen_ai.response.id": "own",
        "gen_ai.input.messages": json.dumps(said("user", "mine")),
        "gen_ai.output.messages": json.dumps(said("assistant", "")),
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 12,
        "user.id": "ann",
        "session.id": "s1",
    }
    others = {
        **dict.fromkeys(own, "other"),
        "gen_ai.usage.input_tokens": 99,
        "gen_ai.usage.output_tokens": 99,
        "gen_ai.provider.name": "anthropic",
    }
    tables.send("traces", call(own), segment_id="span")
    before = tables.only()
    tables.send("logs", details(others), segment_id="record")
    tables.settle()
    assert tables.only() == before


def test_one_record_a_message_makes_one_call(tables: ToldTables) -> None:
    tables.send("logs", event("gen_ai.user.message", {"content": "Hallo?"}), segment_id="asked")
    tables.send("traces", call(), segment_id="span")
    tables.settle()
    asked = tables.only()
    assert (asked["InputChars"], asked["HasOutput"], asked["FinishReason"]) == (6, False, "")
    choice = {"index": 0, "finish_reason": "max_tokens", "message": {"content": "Ja", "role": "assistant"}}
    tables.send("logs", event("gen_ai.choice", choice), segment_id="answered")
    tables.settle()
    answered = tables.only()
    assert (answered["InputChars"], answered["InputHash"]) == (6, asked["InputHash"])
    assert (answered["HasOutput"], answered["OutputChars"]) == (True, 2)
    assert (answered["FinishReason"], answered["IsTruncated"]) == ("length", True)


def test_another_history_is_another_prompt(tables: ToldTables) -> None:
    hashes = set()
    for number, system in enumerate(("Be brief.", "Be kind.", "")):
        records = [event("gen_ai.user.message", {"content": "Hallo?"})]
        if system:
            records.append(event("gen_ai.system.message", {"content": system}))
        tables.clear(WRITTEN)
        tables.send("traces", call(), segment_id=f"span-{number}")
        tables.send("logs", *records, segment_id=f"records-{number}")
        tables.settle()
        assert tables.only()["InputChars"] == 6
        hashes.add(tables.only()["InputHash"])
    assert len(hashes) == 3


def test_a_choice_whose_content_was_not_captured_is_no_empty_answer(tables: ToldTables) -> None:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant"}}
    tables.send("traces", call(), segment_id="span")
    tables.send("logs", event("gen_ai.choice", choice), segment_id="record")
    tables.settle()
    row = tables.only()
    assert (row["FinishReason"], row["HasOutput"], row["IsEmpty"]) == ("stop", False, False)


def test_an_empty_answer_on_a_record_is_one(tables: ToldTables) -> None:
    answer = json.dumps(said("assistant", " "))
    tables.send("traces", call(), segment_id="span")
    tables.send("logs", details({"gen_ai.output.messages": answer}), segment_id="record")
    tables.settle()
    assert (tables.only()["HasOutput"], tables.only()["IsEmpty"]) == (True, True)


def test_records_without_content_tell_the_user_too(tables: ToldTables) -> None:
    tables.send("traces", call(), segment_id="span")
    tables.send("logs", details({"user.id": HOSTILE}), segment_id="record")
    tables.settle()
    assert tables.only()["UserId"] == HOSTILE
    assert tables.count("span_content", "record") == 0
    assert tables.sink.stored_items("logs", "record") == 1


def test_records_of_other_things_tell_nothing(tables: ToldTables) -> None:
    told = {"user.id": "ann", "gen_ai.response.id": "r1", "gen_ai.usage.output_tokens": 3}
    tables.send("traces", call(), segment_id="span")
    tables.send(
        "logs",
        event("", "checkout failed", told),
        event("gen_ai.evaluation.result", None, told),
        details(told, trace_id=b"", span_id=b""),
        details(told, span_id=b"elsewher"),
        segment_id="records",
    )
    tables.settle()
    row = tables.only()
    assert (row["UserId"], row["ResponseId"], row["OutputTokens"], row["FromLogs"]) == ("", "", None, 0)


def test_foreign_writers_of_logs_tell_too(tables: ToldTables) -> None:
    columns = ("Timestamp", "TraceId", "SpanId", "Body", "LogAttributes", "EventName")
    ids = (RECEIVED_NS, TRACE_ID.hex(), SPAN_ID.hex())
    tables.insert_foreign(
        "otel_logs",
        columns,
        (*ids, "", {"user.id": "ann"}, "gen_ai.client.inference.operation.details"),
        (*ids, '{"content": "Hallo?"}', {}, "gen_ai.user.message"),
    )
    told = tables.read("log_features", "EventName")
    assert [(row["Project"], row["UserId"], row["InputChars"]) for row in told] == [
        ("default", "ann", 0),
        ("default", "", 6),
    ]


def test_tokens_and_models_on_records_get_their_price(tables: ToldTables) -> None:
    told = {
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 1000,
    }
    prices = PriceWorker(PriceTable(tables, tables.database), clock_ns=lambda: RECEIVED_NS)
    tables.send("traces", call(), segment_id="span")
    prices.run_round()
    tables.send("logs", details(told), segment_id="record")
    tables.settle()
    prices.run_round()
    sql = f"SELECT ResponseModel, CostUsd, CostSource FROM {tables.database}.spans"
    [(model, cost_usd, source)] = tables.query(sql).rows
    assert (model, source) == ("gpt-4o-mini", "computed")
    assert cost_usd == pytest.approx(0.00075)


def span(span_id: str, parent_id: str = "", **columns: Any) -> dict[str, Any]:
    return {"TraceId": "t1", "SpanId": span_id, "ParentSpanId": parent_id, **columns}


def told(span_id: str, **features: Any) -> dict[str, Any]:
    return {"TraceId": "t1", "SpanId": span_id, **features}


def users(store: SettlingStore, project: str = "shop") -> dict[str, str]:
    return {span_id: row["UserId"] for span_id, row in store.features(project).items()}


def test_the_user_on_a_record_is_the_spans_own_and_passed_on(store: SettlingStore) -> None:
    store.put(span("root"), span("call", "root", Kind="llm"), span("tool", "call"))
    store.tell(told("call", UserId="ann"))
    store.settle()
    assert users(store) == {"root": "ann", "call": "ann", "tool": "ann"}
    assert {key: row["Inherited"] for key, row in store.features().items()} == {
        "root": 1, "call": 0, "tool": 1,
    }  # fmt: skip


def test_the_user_on_a_record_goes_before_that_of_the_root(store: SettlingStore) -> None:
    store.put(span("root", UserId="ann"), span("call", "root", Kind="llm"), span("tool", "call"))
    store.settle()
    assert users(store) == {"root": "ann", "call": "ann", "tool": "ann"}
    store.tell(told("call", UserId="bob"))
    store.settle()
    assert users(store) == {"root": "ann", "call": "bob", "tool": "bob"}
    store.put(span("other", "root", UserId="eve"))
    store.settle()
    assert users(store) == {"root": "ann", "call": "bob", "tool": "bob", "other": "eve"}


def test_the_same_user_on_a_record_is_no_longer_inherited(store: SettlingStore) -> None:
    store.put(span("root", UserId="ann"), span("call", "root"))
    store.settle()
    store.tell(told("call", UserId="ann"))
    assert store.settle().told == 1
    assert store.features()["call"]["Inherited"] == 0
    assert store.settle().told == 0


def test_projects_that_use_the_same_ids_tell_each_other_nothing(store: SettlingStore) -> None:
    store.put(span("call"), span("call", Project="other"))
    store.tell(told("call", UserId="ann"))
    store.settle()
    assert (users(store), users(store, "other")) == ({"call": "ann"}, {"call": ""})


@pytest.mark.parametrize("first", ["span", "record"])
def test_hours_may_lie_between_a_span_and_its_records(store: SettlingStore, first: str) -> None:
    began_ns = store.now_ns
    settling = store.worker()
    for what in (first, "record" if first == "span" else "span"):
        if what == "span":
            store.put(span("call", Timestamp=began_ns))
        else:
            store.tell(told("call", FinishReason="stop", Timestamp=began_ns))
        store.now_ns += 5 * SECOND_NS
        settling.run_round()
        store.now_ns += 20 * HOUR_NS
        settling.run_round()
    assert store.features()["call"]["FinishReason"] == "stop"


def test_the_newest_record_counts_that_tells_something(store: SettlingStore) -> None:
    store.put(span("call"))
    store.tell(
        told("call", FinishReason="stop", Timestamp=store.now_ns),
        told("call", FinishReason="length", Timestamp=store.now_ns - 1),
        told("call", UserId="ann", Timestamp=store.now_ns + 1),
    )
    store.settle()
    row = store.features()["call"]
    assert (row["FinishReason"], row["UserId"]) == ("stop", "ann")
    store.tell(told("call", FinishReason="error", Timestamp=store.now_ns + 1))
    store.settle()
    assert store.features()["call"]["FinishReason"] == "error"


def test_tokens_are_for_calls_only(store: SettlingStore) -> None:
    store.put(span("agent", Kind="agent"), span("call", Kind="llm"))
    for span_id in ("agent", "call"):
        store.tell(told(span_id, InputTokens=7, RequestModel="gpt-4o", FinishReason="stop"))
    store.settle()
    found = {key: (row["InputTokens"], row["RequestModel"]) for key, row in store.features().items()}
    assert found == {"agent": (None, ""), "call": (7, "gpt-4o")}
    assert store.features()["agent"]["FinishReason"] == "stop"


def test_a_response_id_on_a_record_finds_the_twin_in_another_trace(store: SettlingStore) -> None:
    twin = {"Kind": "llm", "RequestModel": "gpt-4o", "InputTokens": 10, "Duration": SECOND_NS}
    store.put(
        span("outer", ResponseId="r1", FinishReason="stop", **twin),
        {**span("inner", **twin), "TraceId": "t2"},
    )
    store.settle()
    store.tell({**told("inner", ResponseId="r1"), "TraceId": "t2"})
    store.settle()
    found = {key: row["DuplicateOf"] for key, row in store.features().items()}
    assert found == {"outer": "", "inner": "outer"}


def test_values_too_long_to_pass_on_stay_on_their_record(store: SettlingStore) -> None:
    store.put(span("call"))
    store.tell(told("call", UserId="x" * 5_000, FinishReason="stop"))
    store.settle()
    assert (users(store), store.features()["call"]["FinishReason"]) == ({"call": ""}, "stop")


def test_rows_that_share_a_span_id_each_keep_their_own(store: SettlingStore) -> None:
    store.put(span("call", UserId="ann"), span("call", FinishReason="stop"))
    store.tell(told("call", UserId="bob", FinishReason="length"))
    store.settle()
    sql = "SELECT UserId, FinishReason FROM settling_told.spans ORDER BY FinishReason DESC"
    assert list(store.query(sql).rows) == [("bob", "stop"), ("ann", "length")]


def test_a_round_without_records_asks_for_nothing_more(store: SettlingStore) -> None:
    store.put(span("root", UserId="ann"), span("call", "root"))
    assert store.settle().told == 0
    assert users(store) == {"root": "ann", "call": "ann"}
