"""Scores on their way: from a request's bytes to the table, and error patterns beside them."""

from collections.abc import Iterator
from typing import Any

import pytest
from watchkeeper_collector.api.score_writing import Said, build_record, build_request
from watchkeeper_collector.api.scores import NewScore, read_said

from tests.otlp.requests import log_request, make_span, trace_request
from tests.otlp.storage import RECEIVED_NS, Tables

TRACE = "5b8aa5a2d2c872e8321cf37308d69df2"
EVENT = "gen_ai.evaluation.result"
VALUE, LABEL = "gen_ai.evaluation.score.value", "gen_ai.evaluation.score.label"


@pytest.fixture(scope="module")
def opened(engine_dsn: str) -> Iterator[Tables]:
    tables = Tables(
        engine_dsn,
        "scores_storage",
        ("spans", "prices", "traces", "error_patterns", "logs", "metrics", "scores"),
    )
    yield tables
    tables.drop()


@pytest.fixture
def tables(opened: Tables) -> Tables:
    opened.clear(["scores", "otel_logs", "spans"])
    return opened


def said(**facts: Any) -> Said:
    return read_said(NewScore.model_validate({"name": "helpful", "value": 1.0, "trace_id": TRACE} | facts))


def scores(tables: Tables, table: str = "scores") -> list[dict[str, Any]]:
    return tables.read(table, "Id")


def test_a_score_of_the_api_is_stored_whole(tables: Tables) -> None:
    score = said(span_id="ab" * 8, session_id="s", user_id="u", comment="so", source="review", label="good",
                 metadata={"by": "Ada"}, value=0.5)  # fmt: skip
    tables.send("logs", build_request([build_record(score, "k1", RECEIVED_NS)]))
    (row,) = scores(tables)
    assert {name: row[name] for name in (
        "Project", "Id", "Name", "TraceId", "SpanId", "SessionId", "UserId", "DataType", "Value", "Label",
        "Source", "Comment", "Metadata", "SegmentId", "ApiKeyId",
    )} == {
        "Project": "shop", "Id": "k1", "Name": "helpful", "TraceId": TRACE, "SpanId": "ab" * 8,
        "SessionId": "s", "UserId": "u", "DataType": "numeric", "Value": 0.5, "Label": "good",
        "Source": "review", "Comment": "so", "Metadata": {"by": "Ada"},
        "SegmentId": "segment-1", "ApiKeyId": "key-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("attributes", "data_type", "value", "label"),
    [
        ({VALUE: 0.25}, "numeric", 0.25, ""),
        ({VALUE: 3}, "numeric", 3.0, ""),
        ({VALUE: True}, "boolean", 1.0, ""),
        ({LABEL: "pass"}, "categorical", None, "pass"),
        ({VALUE: 0.9, LABEL: "pass"}, "numeric", 0.9, "pass"),
        ({VALUE: float("nan"), LABEL: "pass"}, "categorical", None, "pass"),
    ],
)
def test_an_evaluation_event_of_any_sender_is_a_score(
    tables: Tables, attributes: dict[str, Any], data_type: str, value: float | None, label: str
) -> None:
    told = {"gen_ai.evaluation.name": "relevance", "gen_ai.conversation.id": "c", **attributes}
    ids = {"trace_id": bytes.fromhex(TRACE), "time_unix_nano": RECEIVED_NS}
    tables.send("logs", log_request(None, told, event_name=EVENT, **ids))
    (row,) = scores(tables)
    assert (row["DataType"], row["Value"], row["Label"], row["SessionId"]) == (data_type, value, label, "c")
    assert len(row["Id"]) == 32


@pytest.mark.parametrize(
    ("event", "attributes"),
    [
        (EVENT, {"gen_ai.evaluation.name": "relevance"}),
        (EVENT, {VALUE: 1.0}),
        (EVENT, {"gen_ai.evaluation.name": "relevance", VALUE: "much"}),
        ("another.event", {"gen_ai.evaluation.name": "relevance", VALUE: 1.0}),
    ],
)
def test_an_event_without_a_name_or_a_verdict_is_none(
    tables: Tables, event: str, attributes: dict[str, Any]
) -> None:
    items = tables.send("logs", log_request(None, attributes, event_name=event, time_unix_nano=RECEIVED_NS))
    assert scores(tables) == []
    assert tables.sink.stored_items("logs", "segment-1") == items


def test_the_newest_of_scores_with_an_id_is_current(tables: Tables) -> None:
    for place, value in enumerate((0.0, 1.0)):
        record = build_record(said(value=value), "k1", RECEIVED_NS + place)
        tables.send("logs", build_request([record]), segment_id=f"current-{place}")
    assert len(scores(tables)) == 2
    assert [row["Value"] for row in scores(tables, "current_scores")] == [1.0]


def test_foreign_writers_scores_are_scores_too(tables: Tables) -> None:
    columns = ("Timestamp", "TraceId", "EventName", "LogAttributes")
    row = (RECEIVED_NS, TRACE, "", {"event.name": EVENT, "gen_ai.evaluation.name": "tone", LABEL: "kind"})
    tables.insert_foreign("otel_logs", columns, row)
    (found,) = scores(tables)
    assert (found["Project"], found["Name"], found["Label"]) == ("default", "tone", "kind")


PATTERNS = {
    "Rate limit reached in organization org-aBc123: Limit 30000, Used 29,123. Try again in 6m0.5s.":
        "Rate limit reached in organization <id>: Limit <n>, Used <n>. Try again in <n>.",
    "Error code: 429 - {'error': {'message': 'Limit 30 of org-a1', 'type': 'tokens', 'code': None}}":
        "Limit <n> of <id>",
    '{"type":"error","error":{"message":"Overloaded \\"now\\" 12"}}': 'Overloaded \\"now\\" <n>',
    "User 'ada' isn't in \"the shop\"": "User <value> isn't in <value>",
    "GET https://api.example.com/v1/x?y=2 failed at 2026-11-20T12:00:00Z": "GET <url> failed at <time>",
    "request req_011CSab (3f2504e0-4f89-11d3-9a0c-0305e82c3301) of ada@example.com":
        "request <id> (<id>) of <id>",
    "no answer from 10.0.0.1:8080  after\n1.5 s": "no answer from <n> after <n> s",
    "Verbindung zu „x“ fehlgeschlagen": "Verbindung zu „x“ fehlgeschlagen",
    "": "",
}  # fmt: skip


def test_the_pattern_of_an_error_is_what_stays_the_same(tables: Tables) -> None:
    spans = [
        make_span(
            {"error.message": message}, name="step", span_id=(place + 1).to_bytes(8),
            trace_id=bytes(15) + b"\1", start_time_unix_nano=RECEIVED_NS,
            status={"code": 2, "message": message},
        )
        for place, message in enumerate(PATTERNS)
    ]  # fmt: skip
    tables.send(
        "traces", trace_request(*spans, make_span(span_id=b"fine-one", start_time_unix_nano=RECEIVED_NS))
    )
    rows = tables.query("SELECT ErrorMessage, ErrorPattern FROM scores_storage.spans WHERE IsError").rows
    assert dict(rows) == PATTERNS
    ((fine,),) = tables.query("SELECT ErrorPattern FROM scores_storage.spans WHERE NOT IsError").rows
    assert fine == ""
