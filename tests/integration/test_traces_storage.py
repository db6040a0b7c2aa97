"""Spans from both doors to their tables: every field and kind of value, absurd clocks, foreign writers."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.message import Message
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from watchkeeper_collector.store.sink import TARGETS

from tests.otlp.requests import SPAN_ID, TRACE_ID, any_value, key_values, make_span, trace_request
from tests.otlp.storage import RECEIVED_DAY, RECEIVED_NS, Tables
from tests.otlp.values import is_text_of

DATABASE = "traces_storage"
DAY_NS = 86_400 * 10**9
EXPORTER_COLUMNS = (
    "Timestamp", "TraceId", "SpanId", "ParentSpanId", "TraceState", "SpanName", "SpanKind", "ServiceName",
    "ResourceAttributes", "ScopeName", "ScopeVersion", "SpanAttributes", "Duration", "StatusCode",
    "StatusMessage", "Events.Timestamp", "Events.Name", "Events.Attributes", "Links.TraceId", "Links.SpanId",
    "Links.TraceState", "Links.Attributes",
)  # fmt: skip
CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.system": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": "12",
    "gen_ai.prompt": "Hello?",
    "tenant": "acme",
}
VALUES = {
    "text": "Grüße, 'quoted' \"twice\"\n\\ and \0",
    "empty text": "",
    "true": True,
    "false": False,
    "whole": -(2**63),
    "large": 2**63 - 1,
    "fraction": 0.1,
    "tiny": 5e-324,
    "infinite": float("inf"),
    "bytes": b"\x00\xff",
    "no bytes": b"",
    "nothing": None,
    "list": ["a", "b"],
    "list of numbers": [1, 2.5, True],
    "empty list": [],
    "mixed list": ["a", 1, None, [1], {"b": 2}],
    "map": {"a": {"b": [1, "c"]}, "": None},
    "empty map": {},
    "": "no name",
}


@pytest.fixture(scope="module", params=["engine_dsn", "server_dsn"], ids=["embedded", "server"])
def opened(request: pytest.FixtureRequest) -> Iterator[Tables]:
    tables = Tables(request.getfixturevalue(request.param), DATABASE, only=())
    yield tables
    tables.drop()


@pytest.fixture
def tables(opened: Tables) -> Tables:
    opened.clear((*TARGETS["traces"], "trace_index"))
    return opened


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    [row] = rows
    return row


def whole_request() -> Message:
    """A request in which everything is set."""
    span = make_span(
        VALUES,
        parent_span_id=bytes(8)[:-1] + b"\2",
        trace_state="a=b",
        name="chat gpt-4o",
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=RECEIVED_NS,
        end_time_unix_nano=RECEIVED_NS + 1_500,
        status=Status(code=Status.STATUS_CODE_ERROR, message="broken"),
        events=[{"time_unix_nano": RECEIVED_NS + 1, "name": "retry", "attributes": key_values(VALUES)}],
        links=[
            {"trace_id": TRACE_ID, "span_id": SPAN_ID, "trace_state": "c=d", "attributes": key_values(VALUES)}
        ],
    )
    request = trace_request(span, resource={"service.name": "shop"} | VALUES)
    scope = request.resource_spans[0].scope_spans[0].scope
    scope.version = "1.2"
    scope.attributes.extend(key_values(VALUES))
    return request


def test_every_field_of_a_span_is_stored_in_its_kind(tables: Tables) -> None:
    request = whole_request()
    assert tables.send("traces", request) == 1
    row = only(tables.read("spans"))
    [group] = request.resource_spans
    [scope] = group.scope_spans
    [span] = scope.spans
    assert (row["TraceId"], row["SpanId"], row["ParentSpanId"]) == (
        TRACE_ID.hex(),
        SPAN_ID.hex(),
        "0" * 15 + "2",
    )
    assert (row["TraceState"], row["SpanName"], row["SpanKind"]) == ("a=b", "chat gpt-4o", "Client")
    assert (row["ServiceName"], row["ScopeName"], row["ScopeVersion"]) == ("shop", "tests", "1.2")
    assert (row["Duration"], row["StatusCode"], row["StatusMessage"]) == (1_500, "Error", "broken")
    assert (row["Project"], row["ApiKeyId"], row["SegmentId"]) == ("shop", "key-1", "segment-1")
    assert (row["Events.Name"], row["Links.TraceId"], row["Links.SpanId"]) == (
        ["retry"], [TRACE_ID.hex()], [SPAN_ID.hex()]
    )  # fmt: skip
    assert row["Links.TraceState"] == ["c=d"]
    assert is_text_of(row["ResourceAttributes"], group.resource.attributes)
    assert is_text_of(row["ScopeAttributes"], scope.scope.attributes)
    assert is_text_of(row["SpanAttributes"], span.attributes)
    assert is_text_of(only_item(row["Events.Attributes"]), span.events[0].attributes)
    assert is_text_of(only_item(row["Links.Attributes"]), span.links[0].attributes)
    times = "toUnixTimestamp64Nano(Timestamp), toUnixTimestamp64Nano(Events.Timestamp[1])"
    assert tables.query(f"SELECT {times} FROM {DATABASE}.spans").rows == [(RECEIVED_NS, RECEIVED_NS + 1)]


def only_item(items: list[Any]) -> Any:
    [item] = items
    return item


def test_a_value_sent_as_content_is_stored_as_it_is(tables: Tables) -> None:
    values = [any_value(value) for value in VALUES.values()]
    spans = [
        make_span(span_id=number.to_bytes(8), start_time_unix_nano=RECEIVED_NS)
        for number in range(1, len(values) + 1)
    ]
    for span, value in zip(spans, values, strict=True):
        span.attributes.add(key="gen_ai.input.messages", value=value)
    tables.send("traces", trace_request(*spans))
    rows = {row["SpanId"]: row["Content"] for row in tables.read("span_content")}
    assert len(rows) == len(values)
    for span in spans:
        sent = {"gen_ai.input.messages": rows[span.span_id.hex()]["gen_ai.input.messages"]}
        assert is_text_of(sent, span.attributes)


@pytest.mark.parametrize(
    ("start_ns", "stored_ns", "day"),
    [
        (0, 0, RECEIVED_DAY),
        (1, 1, RECEIVED_DAY),
        (7_226_582_400 * 10**9, 7_226_582_400 * 10**9, RECEIVED_DAY),
        (2**63 - 1, 2**63 - 1, RECEIVED_DAY),
        (2**63, 2**63 - 1, RECEIVED_DAY),
        (2**64 - 1, 2**63 - 1, RECEIVED_DAY),
        (RECEIVED_NS + DAY_NS, RECEIVED_NS + DAY_NS, "2026-11-24"),
        (RECEIVED_NS + 3 * DAY_NS, RECEIVED_NS + 3 * DAY_NS, RECEIVED_DAY),
        (RECEIVED_NS - 89 * DAY_NS, RECEIVED_NS - 89 * DAY_NS, "2026-08-26"),
    ],
    ids=[
        "zero",
        "1970",
        "2199",
        "the last",
        "beyond",
        "far beyond",
        "tomorrow",
        "in three days",
        "last summer",
    ],
)
def test_an_absurd_clock_is_kept_and_steers_nothing(
    tables: Tables, start_ns: int, stored_ns: int, day: str
) -> None:
    span = make_span({"gen_ai.prompt": "Hello?"}, start_time_unix_nano=start_ns)
    tables.send("traces", trace_request(span))
    for table, time in (("spans", "Timestamp"), ("span_content", "Timestamp"), ("trace_index", "First")):
        sql = f"SELECT toUnixTimestamp64Nano({time}), EventDay FROM {DATABASE}.{table}"
        found = tables.query(f"{sql} WHERE TraceId = {{trace:String}}", {"trace": TRACE_ID.hex()})
        assert found.rows == [(stored_ns, date.fromisoformat(day))]


def test_a_span_that_ends_before_it_starts_takes_no_time(tables: Tables) -> None:
    tables.send("traces", trace_request(make_span(start_time_unix_nano=RECEIVED_NS, end_time_unix_nano=1)))
    assert only(tables.read("spans"))["Duration"] == 0


def foreign_row(**values: Any) -> list[Any]:
    row: dict[str, Any] = dict.fromkeys(EXPORTER_COLUMNS, "")
    row |= {"Timestamp": datetime.now(UTC), "TraceId": "0a" * 16, "SpanId": "0b" * 8, "Duration": 1_000}
    row |= {column: [] for column in EXPORTER_COLUMNS if "." in column}
    row |= {"ResourceAttributes": {"service.name": "shop"}, "SpanAttributes": CALL, "SpanKind": "Client"}
    return list((row | values).values())


def test_the_door_begins_with_the_exporters_columns(tables: Tables) -> None:
    sql = "SELECT name FROM system.columns WHERE database = {database:String} AND table = 'otel_traces'"
    names = [name for (name,) in tables.query(f"{sql} ORDER BY position", {"database": DATABASE}).rows]
    assert tuple(names[: len(EXPORTER_COLUMNS)]) == EXPORTER_COLUMNS


def test_what_the_exporter_inserts_is_normalised(tables: Tables) -> None:
    tables.insert_foreign("otel_traces", EXPORTER_COLUMNS, foreign_row(ServiceName="shop", StatusCode="Ok"))
    row, content = only(tables.read("spans")), only(tables.read("span_content"))
    now = datetime.now(UTC).replace(tzinfo=None)
    assert (row["Kind"], row["Operation"], row["Provider"]) == ("llm", "chat", "openai")
    assert (row["RequestModel"], row["InputTokens"]) == ("gpt-4o", 12)
    assert (row["Project"], row["SegmentId"], row["ApiKeyId"]) == ("default", "", "")
    assert now - timedelta(minutes=1) < row["ReceivedAt"] <= now
    assert row["SpanAttributes"] == {name: CALL[name] for name in CALL if name != "gen_ai.prompt"}
    assert (content["InputText"], content["Source"], row["HasContent"]) == ("Hello?", "span", True)


def test_events_and_links_of_the_exporter_are_stored(tables: Tables) -> None:
    now = datetime.now(UTC)
    nested = {
        "Events.Timestamp": [now], "Events.Name": ["exception"],
        "Events.Attributes": [{"exception.type": "TimeoutError", "exception.message": "too slow"}],
        "Links.TraceId": ["0c" * 16], "Links.SpanId": ["0d" * 8], "Links.TraceState": [""],
        "Links.Attributes": [{"why": "retry"}],
    }  # fmt: skip
    tables.insert_foreign("otel_traces", EXPORTER_COLUMNS, foreign_row(**nested))
    row = only(tables.read("spans"))
    assert {name: row[name] for name in nested if name != "Events.Timestamp"} == {
        name: value for name, value in nested.items() if name != "Events.Timestamp"
    }
    assert (row["IsError"], row["ErrorType"], row["ErrorMessage"]) == (True, "TimeoutError", "too slow")


def test_a_foreign_writer_may_say_whose_rows_they_are(tables: Tables) -> None:
    columns = (*EXPORTER_COLUMNS, "Project", "ScopeAttributes")
    tables.insert_foreign("otel_traces", columns, [*foreign_row(), "shop", {"a": "b"}])
    row = only(tables.read("spans"))
    assert (row["Project"], row["ScopeAttributes"]) == ("shop", {"a": "b"})


def test_a_block_that_the_exporter_sends_again_is_stored_once(tables: Tables) -> None:
    """It retries what may have arrived. The engine knows a block without a token by what is in it."""
    then = datetime(2026, 11, 23, tzinfo=UTC)
    blocks = [[foreign_row(Timestamp=then, SpanId=f"{number:016x}")] for number in (1, 1, 2, 1)]
    for block in blocks:
        tables.insert_foreign("otel_traces", EXPORTER_COLUMNS, *block)
    for table in TARGETS["traces"]:
        assert [row["SpanId"] for row in tables.read(table, "SpanId")] == [f"{n:016x}" for n in (1, 2)]
