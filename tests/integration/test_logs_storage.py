"""Log records from the door to their tables: every field, content apart from the rest, nothing twice."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from watchkeeper_collector.store.sink import TARGETS

from tests.otlp.requests import SPAN_ID, TRACE_ID, key_values, log_request, requests, seeded
from tests.otlp.storage import RECEIVED_DAY, RECEIVED_NS, Tables
from tests.otlp.values import is_text_of, to_text

DATABASE = "logs_storage"
CAPTURES = sorted((Path(__file__).parents[1] / "data" / "captures").glob("*/*.logs.otlp"))
DIALECTS = {name: list(paths) for name, paths in groupby(CAPTURES, lambda path: path.parent.name)}
DAY_NS = 86_400 * 10**9
DETAILS = "gen_ai.client.inference.operation.details"
CONTENT_KEYS = {
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
}
QUESTION = [{"role": "user", "parts": [{"type": "text", "content": "Wie geht's?"}]}]
ANSWER = [
    {"role": "assistant", "parts": [{"type": "text", "content": "Gut, danke."}], "finish_reason": "stop"}
]
EXPORTER_COLUMNS = (
    "Timestamp", "TraceId", "SpanId", "TraceFlags", "SeverityText", "SeverityNumber", "ServiceName", "Body",
    "ResourceSchemaUrl", "ResourceAttributes", "ScopeSchemaUrl", "ScopeName", "ScopeVersion",
    "ScopeAttributes", "LogAttributes", "EventName",
)  # fmt: skip


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def opened(request: pytest.FixtureRequest) -> Iterator[Tables]:
    tables = Tables(request.getfixturevalue(request.param), DATABASE)
    yield tables
    tables.drop()


@pytest.fixture
def tables(opened: Tables) -> Tables:
    opened.clear(TARGETS["logs"])
    return opened


def event(name: str, body: Any = None, attributes: dict[str, Any] | None = None, **fields: Any) -> Message:
    ids = {"trace_id": TRACE_ID, "span_id": SPAN_ID, "time_unix_nano": RECEIVED_NS}
    return log_request(body, attributes, **{"event_name": name, **ids, **fields})


def details(**attributes: Any) -> Message:
    content = {"gen_ai.input.messages": QUESTION, "gen_ai.output.messages": ANSWER}
    return event(DETAILS, None, {"gen_ai.operation.name": "chat", **content, **attributes})


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    [row] = rows
    return row


def foreign_row(**values: Any) -> list[Any]:
    row = dict.fromkeys(EXPORTER_COLUMNS, "") | {"TraceFlags": 1, "SeverityNumber": 9}
    row |= {"Timestamp": datetime.now(UTC), "TraceId": "0a" * 16, "SpanId": "0b" * 8}
    row |= {column: {} for column in EXPORTER_COLUMNS if column.endswith("Attributes")}
    return list((row | values).values())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_field_of_captured_records_is_stored(tables: Tables, dialect: str) -> None:
    sent = [ExportLogsServiceRequest.FromString(path.read_bytes()) for path in DIALECTS[dialect]]
    items = tables.send("logs", *sent)
    records = sorted(
        (
            (group, scope, record)
            for request in sent
            for group in request.resource_logs
            for scope in group.scope_logs
            for record in scope.log_records
        ),
        key=lambda one: one[2].observed_time_unix_nano,
    )
    rows, contents = tables.read("otel_logs", "Timestamp"), iter(tables.read("span_content", "Timestamp"))
    assert tables.sink.stored_items("logs", "segment-1") == items == len(records)
    for row, (group, scope, record) in zip(rows, records, strict=True):
        check_record(row, group, scope, record)
        check_content(row, next(contents) if holds_content(record) else None, record)
    assert next(contents, None) is None


def check_record(row: dict[str, Any], group: Any, scope: Any, record: Any) -> None:
    time_ns = record.time_unix_nano or record.observed_time_unix_nano
    when = datetime.fromtimestamp(time_ns // 10**9, UTC).replace(
        microsecond=time_ns // 1000 % 10**6, tzinfo=None
    )
    assert (row["Timestamp"], row["TimestampTime"]) == (when, when.replace(microsecond=0))
    assert (row["TraceId"], row["SpanId"]) == (record.trace_id.hex(), record.span_id.hex())
    assert (row["TraceFlags"], row["EventName"]) == (record.flags, record.event_name)
    assert (row["SeverityText"], row["SeverityNumber"]) == (record.severity_text, record.severity_number)
    assert (row["ResourceSchemaUrl"], row["ScopeSchemaUrl"]) == (group.schema_url, scope.schema_url)
    assert (row["ScopeName"], row["ScopeVersion"]) == (scope.scope.name, scope.scope.version)
    assert is_text_of(row["ResourceAttributes"], group.resource.attributes)
    assert is_text_of(row["ScopeAttributes"], scope.scope.attributes)
    assert row["ServiceName"] == row["ResourceAttributes"]["service.name"]
    assert (row["Project"], row["RetentionClass"], row["ApiKeyId"]) == ("shop", "standard", "key-1")
    assert (row["EventDay"], row["HoldsContent"]) == (when.date(), False)


def holds_content(record: Any) -> bool:
    return bool(to_text(record.body)) or any(item.key in CONTENT_KEYS for item in record.attributes)


def check_content(row: dict[str, Any], content: dict[str, Any] | None, record: Any) -> None:
    """What is not in one table is in the other."""
    apart = content["Content"] if content else {}
    assert apart.keys() <= CONTENT_KEYS | {"body"}
    assert not CONTENT_KEYS & row["LogAttributes"].keys()
    assert row["Body"] == ""
    assert is_text_of(
        row["LogAttributes"] | {k: v for k, v in apart.items() if k != "body"}, record.attributes
    )
    assert apart.get("body", "") == to_text(record.body)
    if content:
        assert (content["Source"], content["Format"]) == ("log", record.event_name)
        assert (content["TraceId"], content["SpanId"]) == (row["TraceId"], row["SpanId"])
        assert content["EventDay"] == row["EventDay"]


def test_records_of_any_shape_are_stored_and_counted(tables: Tables) -> None:
    @settings(seeded, max_examples=20)
    @given(st.lists(requests("logs"), min_size=1, max_size=3))
    def check(sent: list[Message]) -> None:
        tables.clear(TARGETS["logs"])
        items = tables.send("logs", *sent, token=str(len(tokens)))
        tokens.append(items)
        assert tables.sink.stored_items("logs", "segment-1") == items

    tokens: list[int] = []
    check()
    assert sum(tokens) > len(tokens)


def test_values_of_all_kinds_become_text(tables: Tables) -> None:
    attributes = {
        "text": "ünï\x00 'quoted' \\n",
        "empty": "",
        "yes": True,
        "no": False,
        "int": -(2**63),
        "third": 1 / 3,
        "large": 1e300,
        "whole": 2.0,
        "bytes": b"\x00\xff",
        "list": ["a", 'b"', 1, 0.1, True],
        "none in list": [None, 1],
        "empty list": [],
        "deep": {"a": [{"b": 1}]},
        "none": None,
    }
    tables.send("logs", log_request("plain", attributes, time_unix_nano=RECEIVED_NS))
    row = only(tables.read("otel_logs"))
    assert is_text_of(row["LogAttributes"], key_values(attributes))
    assert row["LogAttributes"]["list"] == '["a","b\\"",1,0.1,true]'
    assert (row["LogAttributes"]["bytes"], row["LogAttributes"]["none"]) == ("AP8=", "")


BODIES: list[tuple[Any, str]] = [
    ("", ""),
    ("text", "text"),
    (False, "false"),
    (0, "0"),
    (0.5, "0.5"),
    (b"\x01", "AQ=="),
    (["a", 1], '["a",1]'),
    ({"a": {"b": None}}, '{"a":{"b":null}}'),
    (None, ""),
]


def test_bodies_of_all_kinds_become_text(tables: Tables) -> None:
    sent = [log_request(body, time_unix_nano=RECEIVED_NS + at * 1000) for at, (body, _) in enumerate(BODIES)]
    tables.send("logs", *sent)
    assert [row["Body"] for row in tables.read("otel_logs", "Timestamp")] == [text for _, text in BODIES]
    assert tables.read("span_content") == []


def test_a_key_sent_twice_is_kept_twice_and_reads_as_the_first(tables: Tables) -> None:
    request = log_request("x", {"k": "first"}, time_unix_nano=RECEIVED_NS)
    [record] = request.resource_logs[0].scope_logs[0].log_records
    record.attributes.add(key="k", value=AnyValue(string_value="second"))
    tables.send("logs", request)
    sql = f"SELECT LogAttributes['k'], mapValues(LogAttributes) FROM {DATABASE}.otel_logs"
    assert tables.query(sql).rows == [("first", ["first", "second"])]


@pytest.mark.parametrize(
    ("times", "expected_ns"),
    [
        ({"time_unix_nano": RECEIVED_NS - 5_000, "observed_time_unix_nano": 1}, RECEIVED_NS - 5_000),
        ({"observed_time_unix_nano": RECEIVED_NS - 7_000}, RECEIVED_NS - 7_000),
        ({}, RECEIVED_NS),
    ],
    ids=["own", "observed", "received"],
)
def test_the_best_known_time_is_taken(tables: Tables, times: dict[str, int], expected_ns: int) -> None:
    tables.send("logs", log_request("x", **times))
    times_ns = "toUnixTimestamp64Nano(Timestamp), toUnixTimestamp64Nano(ReceivedAt)"
    stored = tables.query(f"SELECT {times_ns} FROM {DATABASE}.otel_logs").rows
    assert stored == [(expected_ns, RECEIVED_NS)]


TIMES = {
    "1970": (1, RECEIVED_DAY),
    "before all that is kept": (RECEIVED_NS - 20_001 * DAY_NS, RECEIVED_DAY),
    "long ago": (RECEIVED_NS - 15_000 * DAY_NS, "1985-10-29"),
    "tomorrow": (RECEIVED_NS + DAY_NS, "2026-11-24"),
    "in 3 days": (RECEIVED_NS + 3 * DAY_NS, RECEIVED_DAY),
    "2199": (7_226_582_400 * 10**9, RECEIVED_DAY),
    "2554": (2**64 - 1, RECEIVED_DAY),
}


def test_an_absurd_time_is_kept_and_does_not_choose_the_day(tables: Tables) -> None:
    tables.send("logs", *(log_request(name, time_unix_nano=time_ns) for name, (time_ns, _) in TIMES.items()))
    stored = tables.query(
        f"SELECT Body, toUnixTimestamp64Nano(Timestamp), toString(EventDay) FROM {DATABASE}.otel_logs"
    )
    last_ns = 2**63 - 1
    expected = {name: (min(time_ns, last_ns), day) for name, (time_ns, day) in TIMES.items()}
    assert {name: (time_ns, day) for name, time_ns, day in stored.rows} == expected


def test_content_has_the_day_of_its_log(tables: Tables) -> None:
    early = event(DETAILS, None, {"gen_ai.input.messages": QUESTION}, time_unix_nano=1)
    tables.send("logs", early)
    assert str(only(tables.read("span_content"))["EventDay"]) == RECEIVED_DAY


def test_flags_and_severities_beyond_their_range_do_not_wrap(tables: Tables) -> None:
    tables.send("logs", log_request("x", flags=0x301, severity_number=300, time_unix_nano=RECEIVED_NS))
    row = only(tables.read("otel_logs"))
    assert (row["TraceFlags"], row["SeverityNumber"]) == (1, 255)


def test_content_of_an_event_goes_to_span_content_and_leaves_the_log(tables: Tables) -> None:
    tables.send(
        "logs", details(**{"gen_ai.conversation.id": "s-1", "gen_ai.system_instructions": "Be brief."})
    )
    row, content = only(tables.read("otel_logs")), only(tables.read("span_content"))
    assert row["LogAttributes"] == {"gen_ai.operation.name": "chat", "gen_ai.conversation.id": "s-1"}
    assert (row["EventName"], row["HoldsContent"]) == (DETAILS, False)
    assert content["Content"].keys() == CONTENT_KEYS - {"gen_ai.tool.definitions"}
    assert json.loads(content["Content"]["gen_ai.input.messages"]) == QUESTION
    assert (content["InputText"], content["OutputText"]) == ("Wie geht's?", "Gut, danke.")
    assert (content["ContentGroup"], content["Source"], content["Format"]) == ("s-1", "log", DETAILS)
    assert (content["TraceId"], content["SpanId"]) == (TRACE_ID.hex(), SPAN_ID.hex())
    shared = ("Project", "RetentionClass", "EventDay", "Timestamp", "ReceivedAt", "SegmentId")
    assert [content[name] for name in shared] == [row[name] for name in shared]


def test_content_without_a_session_is_grouped_by_its_trace(tables: Tables) -> None:
    tables.send("logs", details())
    assert only(tables.read("span_content"))["ContentGroup"] == TRACE_ID.hex()


def test_an_event_without_content_leaves_none(tables: Tables) -> None:
    tables.send("logs", event(DETAILS, None, {"gen_ai.operation.name": "chat"}))
    assert only(tables.read("otel_logs"))["LogAttributes"] == {"gen_ai.operation.name": "chat"}
    assert tables.read("span_content") == []


MESSAGES: list[tuple[str, Any, str, str]] = [
    ("gen_ai.system.message", {"content": "Be brief."}, "", ""),
    ("gen_ai.user.message", {"content": "Wie geht's?"}, "Wie geht's?", ""),
    ("gen_ai.user.message", {"role": "user", "content": [{"type": "text", "text": "Hi"}]}, "Hi", ""),
    ("gen_ai.user.message", "Hi", "Hi", ""),
    ("gen_ai.user.message", "{Hi", "{Hi", ""),
    ("gen_ai.assistant.message", {"content": "Gut."}, "", ""),
    ("gen_ai.tool.message", {"id": "call_1", "content": "7 °C"}, "", ""),
    ("gen_ai.choice", {"index": 0, "message": {"role": "assistant", "content": "Gut."}}, "", "Gut."),
    ("gen_ai.choice", {"index": 0, "message": {"tool_calls": [{"id": "call_1"}]}}, "", ""),
]


def test_the_bodies_of_message_events_are_content(tables: Tables) -> None:
    tables.send(
        "logs",
        *(
            event(name, body, {"gen_ai.system": "openai"}, time_unix_nano=RECEIVED_NS + at * 1000)
            for at, (name, body, *_) in enumerate(MESSAGES)
        ),
    )
    for row in tables.read("otel_logs"):
        assert (row["Body"], row["LogAttributes"]) == ("", {"gen_ai.system": "openai"})
    contents = tables.read("span_content", "Timestamp")
    for content, (name, body, input_text, output_text) in zip(contents, MESSAGES, strict=True):
        assert (content["Format"], set(content["Content"])) == (name, {"body"})
        assert content["Content"]["body"] == (body if isinstance(body, str) else to_text(log_body(body)))
        assert (content["InputText"], content["OutputText"]) == (input_text, output_text)


def log_body(body: Any) -> AnyValue:
    return log_request(body).resource_logs[0].scope_logs[0].log_records[0].body


def test_an_event_named_by_its_attribute_is_one(tables: Tables) -> None:
    tables.send("logs", event("", {"content": "Hi"}, {"event.name": "gen_ai.user.message"}))
    content = only(tables.read("span_content"))
    assert (content["Format"], content["InputText"]) == ("gen_ai.user.message", "Hi")
    assert only(tables.read("otel_logs"))["LogAttributes"] == {"event.name": "gen_ai.user.message"}


def test_every_name_of_content_counts_on_an_event(tables: Tables) -> None:
    attributes = {"request_data": "{}", "error.type": "BadRequest"}
    tables.send("logs", event("gen_ai.client.operation.exception", None, attributes))
    assert only(tables.read("otel_logs"))["LogAttributes"] == {"error.type": "BadRequest"}
    assert only(tables.read("span_content"))["Content"] == {"request_data": "{}"}


def test_other_records_are_left_alone(tables: Tables) -> None:
    attributes = {"events": "3", "exception.message": "boom", "input.value": "7"}
    tables.send("logs", event("order.placed", "An order was placed.", attributes))
    row = only(tables.read("otel_logs"))
    assert (row["Body"], row["LogAttributes"]) == ("An order was placed.", attributes)
    assert tables.read("span_content") == []


def test_messages_on_a_record_that_is_no_event_are_content(tables: Tables) -> None:
    tables.send("logs", event("", "called", {"gen_ai.input.messages": QUESTION, "level": "debug"}))
    row, content = only(tables.read("otel_logs")), only(tables.read("span_content"))
    assert (row["Body"], row["LogAttributes"]) == ("called", {"level": "debug"})
    assert (content["Format"], content["InputText"]) == ("", "Wie geht's?")


def test_the_exporters_own_insert_works(tables: Tables) -> None:
    attributes = {"ResourceAttributes": {"service.name": "cart"}, "LogAttributes": {"a": "b"}}
    now = datetime.now(UTC)
    tables.insert_foreign(
        "otel_logs", EXPORTER_COLUMNS, foreign_row(Body="hello", Timestamp=now, **attributes)
    )
    row = only(tables.read("otel_logs"))
    assert (row["Body"], row["LogAttributes"], row["TraceId"]) == ("hello", {"a": "b"}, "0a" * 16)
    assert (row["Project"], row["RetentionClass"], row["SegmentId"]) == ("default", "standard", "")
    assert (row["EventDay"], row["HoldsContent"]) == (now.date(), False)
    assert abs(row["ReceivedAt"] - now.replace(tzinfo=None)) < timedelta(minutes=10)


def test_content_in_the_exporters_insert_is_found_and_marked(tables: Tables) -> None:
    messages = {"gen_ai.input.messages": json.dumps(QUESTION), "session.id": "s-9"}
    tables.insert_foreign(
        "otel_logs",
        EXPORTER_COLUMNS,
        foreign_row(EventName=DETAILS, LogAttributes=messages),
        foreign_row(EventName="gen_ai.choice", Body='{"message":{"content":"Gut."}}'),
        foreign_row(Body="hello"),
    )
    rows, contents = tables.read("otel_logs", "EventName"), tables.read("span_content", "Format")
    assert [(row["EventName"], row["HoldsContent"]) for row in rows] == [
        ("", False),
        ("gen_ai.choice", True),
        (DETAILS, True),
    ]
    assert [(one["Source"], one["ContentGroup"], one["SegmentId"]) for one in contents] == [
        ("log", "0a" * 16, ""),
        ("log", "s-9", ""),
    ]
    assert [(one["InputText"], one["OutputText"]) for one in contents] == [("", "Gut."), ("Wie geht's?", "")]


def days(count: int) -> list[Message]:
    """One record with content and one without for each of the last days."""
    sent = []
    for day in range(count):
        request = details()
        [record] = request.resource_logs[0].scope_logs[0].log_records
        record.time_unix_nano = RECEIVED_NS - day * DAY_NS
        sent += [request, log_request("x", time_unix_nano=RECEIVED_NS - day * DAY_NS)]
    return sent


def test_a_repeated_segment_is_stored_once_over_many_days(tables: Tables) -> None:
    for _ in range(2):
        assert tables.send("logs", *days(40), segment_id="many-days") == 80
    assert (tables.sink.stored_items("logs", "many-days"), tables.count("span_content", "many-days")) == (
        80,
        40,
    )


def test_the_same_records_in_another_segment_are_stored_again(tables: Tables) -> None:
    for segment_id in ("one", "two"):
        tables.send("logs", details(), segment_id=segment_id)
        assert (tables.sink.stored_items("logs", segment_id), tables.count("span_content", segment_id)) == (
            1,
            1,
        )


def test_a_discarded_segment_is_gone_and_can_be_stored_again(tables: Tables) -> None:
    for token in ("first", "second"):
        tables.send("logs", *days(3), segment_id="discarded", token=token)
        assert (tables.sink.stored_items("logs", "discarded"), tables.count("span_content", "discarded")) == (
            6,
            3,
        )
        tables.sink.discard("logs", "discarded")
        assert (tables.sink.stored_items("logs", "discarded"), tables.count("span_content", "discarded")) == (
            0,
            0,
        )


@pytest.mark.parametrize("dsn", ["engine_dsn", "server_dsn"])
def test_content_goes_before_logs_do(request: pytest.FixtureRequest, dsn: str) -> None:
    days = {"content_retention_days": 30, "span_retention_days": 90}
    tables = Tables(request.getfixturevalue(dsn), "logs_expiry", **days)
    old = datetime.now(UTC) - timedelta(days=40)
    tables.insert_foreign(
        "otel_logs",
        EXPORTER_COLUMNS,
        foreign_row(Body="kept", Timestamp=old),
        foreign_row(Body="a prompt", EventName="gen_ai.user.message", Timestamp=old),
    )
    for table in TARGETS["logs"]:
        tables.command(f"OPTIMIZE TABLE {tables.database}.{table} FINAL")
    bodies = [row["Body"] for row in tables.read("otel_logs")]
    contents = tables.read("span_content")
    tables.drop()
    assert (bodies, contents) == (["kept"], [])


def test_the_exporters_columns_come_first_and_in_its_order(tables: Tables) -> None:
    names = [row[0] for row in tables.query(f"DESCRIBE TABLE {DATABASE}.otel_logs").rows]
    standard = [name for name in names[:17] if name != "TimestampTime"]
    assert (standard, names[17]) == (list(EXPORTER_COLUMNS), "Project")


def test_the_day_is_that_of_utc_whatever_the_session(tables: Tables) -> None:
    tables.command(
        f"INSERT INTO {DATABASE}.otel_logs (Timestamp, ReceivedAt)"
        " SELECT fromUnixTimestamp64Nano(1795390200000000000, 'UTC') AS t, t",
        settings={"session_timezone": "Pacific/Auckland"},
    )
    assert only(tables.read("otel_logs"))["EventDay"] == date(2026, 11, 22)
