"""The endpoints that answer what came in: their forms, their scopes, their errors."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from watchkeeper_collector.api import facets, histogram, query, spans, sql, traces, vocabulary
from watchkeeper_collector.api.frame import build_api
from watchkeeper_collector.query.messages import read_conversation
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.sql.running import SESSION_SETTINGS
from watchkeeper_collector.state.keys import Principal
from watchkeeper_collector.store.client import Store

from tests.query import NOON_NS, Shelf, Span, open_shelf

NOW_NS = NOON_NS + 3_600 * 1_000_000_000
MESSAGES = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Where is my order?"}]}])
ROWS = [
    Span(id="1", name="POST /chat", kind="chain", duration_ms=900),
    Span(
        id="2", parent="1", after_s=1, model="gpt-4o", cost_usd=0.5, input="Where is my order?",
        output="On its way.", content={"gen_ai.input.messages": MESSAGES}, attributes={"tenant": "acme"},
    ),
    Span(id="3", trace="t2", after_s=2, model="claude", is_error=True),
    Span(id="4", trace="t9", project="rival", model="gpt-4o", cost_usd=9.0, output="On its way."),
]  # fmt: skip
SCOPES = {"reader": {"read"}, "writer": {"ingest"}, "auditor": {"read", "content"}, "admin": {"admin"}}
ENDPOINTS: dict[tuple[str, str], set[str]] = {
    ("GET", "/query?measures=calls"): {"reader", "auditor", "admin"},
    ("GET", "/traces"): {"reader", "auditor", "admin"},
    ("GET", "/traces/t1"): {"reader", "auditor", "admin"},
    ("GET", "/spans"): {"reader", "auditor", "admin"},
    ("GET", "/spans?filter=order"): {"auditor", "admin"},
    ("GET", "/traces?filter=order"): {"auditor", "admin"},
    ("GET", "/query?measures=calls&filter=order"): {"auditor", "admin"},
    ("GET", "/spans?with_words=true"): {"auditor", "admin"},
    ("GET", "/facets?fields=model"): {"reader", "auditor", "admin"},
    ("GET", "/facets?fields=model&filter=order"): {"auditor", "admin"},
    ("GET", "/histogram"): {"reader", "auditor", "admin"},
    ("GET", "/histogram?filter=order"): {"auditor", "admin"},
    ("GET", "/vocabulary"): {"reader", "auditor", "admin"},
    ("POST", "/sql"): {"admin"},
}


@pytest.fixture(scope="module")
def shelf(engine_dsn: str) -> Iterator[Shelf]:
    with open_shelf(engine_dsn, "query_api") as opened:
        opened.put(*ROWS)
        yield opened


@pytest.fixture(scope="module")
def client(shelf: Shelf, engine_dsn: str) -> Iterator[TestClient]:
    source = shelf.source
    statements = Store(engine_dsn, settings=SESSION_SETTINGS)

    def authenticate(headers: Mapping[str, str]) -> Principal:
        name, _, project = headers.get("x-api-key", "admin").partition("@")
        return Principal(project or "shop", name, frozenset(SCOPES[name]))

    routers = [
        query.build_router(source, now_ns=lambda: NOW_NS),
        histogram.build_router(source, now_ns=lambda: NOW_NS),
        facets.build_router(source, now_ns=lambda: NOW_NS),
        vocabulary.build_router(),
        traces.build_router(source, read_conversation, now_ns=lambda: NOW_NS),
        spans.build_router(source, now_ns=lambda: NOW_NS),
        sql.build_router(Source(statements, source.database, source.limits)),
    ]
    app = build_api(APIRouter(), routers, version="0", authenticate=authenticate)
    yield TestClient(app, base_url="http://localhost")
    statements.close()


def get(client: TestClient, path: str, *, key: str = "admin", **parameters: Any) -> Any:
    answer = client.get(f"/api/v1{path}", params=parameters, headers={"x-api-key": key})
    assert answer.status_code == 200, answer.text
    return answer.json()


def refusal(client: TestClient, path: str, **parameters: Any) -> dict[str, Any]:
    answer = client.get(f"/api/v1{path}", params=parameters)
    body = answer.json()
    assert list(body) == ["error"]
    return {"status": answer.status_code, **body["error"]}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=" ".join)
@pytest.mark.parametrize("key", SCOPES)
def test_every_endpoint_is_open_to_its_scopes_only(
    client: TestClient, endpoint: tuple[str, str], key: str
) -> None:
    method, path = endpoint
    body = {"query": "SELECT 1"} if method == "POST" else None
    answer = client.request(method, f"/api/v1{path}", json=body, headers={"x-api-key": key})
    assert answer.status_code == (200 if key in ENDPOINTS[endpoint] else 403), answer.text


def test_query_answers_a_table(client: TestClient) -> None:
    answer = get(client, "/query", measures="calls,cost_usd", by="model")
    assert answer["rows"] == [
        {"model": "claude", "calls": 1, "cost_usd": None},
        {"model": "gpt-4o", "calls": 1, "cost_usd": 0.5},
    ]
    assert (answer["start"], answer["end"]) == (
        "2026-11-19T13:00:00.000000000Z",
        "2026-11-20T13:00:00.000000000Z",
    )
    assert (answer["step_s"], answer["dimensions"], answer["is_truncated"]) == (None, ["model"], False)
    assert [(measure["name"], measure["unit"]) for measure in answer["measures"]] == [
        ("calls", "count"),
        ("cost_usd", "usd"),
    ]


def test_query_answers_a_series(client: TestClient) -> None:
    answer = get(client, "/query", measures="calls", start="-3h", step="1h")
    assert answer["step_s"] == 3_600
    assert [(row["time"][11:16], row["calls"]) for row in answer["rows"]] == [
        ("10:00", 0),
        ("11:00", 0),
        ("12:00", 2),
    ]


def test_names_may_be_repeated_or_joined(client: TestClient) -> None:
    answer = client.get("/api/v1/query?measures=calls&measures=errors,spans&by=model&by=attr.tenant").json()
    assert list(answer["rows"][0]) == ["model", "attr.tenant", "calls", "errors", "spans"]


@pytest.mark.parametrize("media", ["text/csv", *list(query.FORMATS)[1:]])
def test_query_answers_files(client: TestClient, media: str) -> None:
    parameters = {"measures": "calls,cost_usd", "by": "model"}
    answer = client.get("/api/v1/query", params=parameters, headers={"accept": media})
    assert answer.headers["content-type"].partition(";")[0] == media
    if media == "text/csv":
        assert list(csv.reader(io.StringIO(answer.text))) == [
            ["model", "calls", "cost_usd"],
            ["claude", "1", ""],
            ["gpt-4o", "1", "0.5"],
        ]
        return
    source = io.BytesIO(answer.content)
    table = pq.read_table(source) if "parquet" in media else pa.ipc.open_stream(source).read_all()
    assert table.to_pylist()[1] == {"model": "gpt-4o", "calls": 1, "cost_usd": 0.5}


def test_query_names_the_greatest_and_adds_up_the_rest(client: TestClient) -> None:
    answer = get(client, "/query", measures="spans", by="span_name", top=1)
    assert answer["rows"] == [{"span_name": "step", "spans": 2}, {"span_name": None, "spans": 1}]
    assert answer["is_truncated"]


def test_query_compares_with_the_window_before(client: TestClient) -> None:
    answer = get(
        client,
        "/query",
        measures="calls",
        start="2026-11-20T12:00:01Z",
        end="2026-11-20T12:00:02Z",
        compare="previous",
    )
    assert answer["rows"] == [{"calls": 1, "calls_before": 0, "calls_change": None}]
    assert answer["compared_with"] == {
        "start": "2026-11-20T12:00:00.000000000Z",
        "end": "2026-11-20T12:00:01.000000000Z",
    }


def test_facets_answer_values_with_counts(client: TestClient) -> None:
    answer = get(client, "/facets", fields="model,status,attr.*")
    assert [facet["field"] for facet in answer["facets"]] == ["model", "status", "attr.*"]
    assert answer["facets"][1]["values"] == [{"value": "ok", "count": 2}, {"value": "error", "count": 1}]
    assert answer["facets"][2]["values"] == [{"value": "tenant", "count": 1}]


def test_a_histogram_has_a_row_for_each_interval(client: TestClient) -> None:
    answer = get(client, "/histogram", start="-2h", step="1h")
    assert answer["counts"] == [[0], [2]]
    assert answer["bounds"] == [1.0, 2**0.25]
    assert (answer["unit"], answer["step_s"]) == ("ms", 3_600)


def test_the_vocabulary_defines_its_words(client: TestClient) -> None:
    answer = get(client, "/vocabulary")
    assert answer["measures"][0] == {"name": "calls", "unit": "count", "description": "Requests to a model"}
    assert {"name": "attr.<key>", "description": "An attribute of the span: `attr.tenant`"} in answer[
        "dimensions"
    ]
    assert all(word["description"] for words in answer.values() for word in words)


def test_traces_are_listed_and_paged(client: TestClient) -> None:
    first = get(client, "/traces", limit=1)
    second = get(client, "/traces", limit=1, cursor=first["next_cursor"])
    assert [page["items"][0]["trace_id"] for page in (first, second)] == ["t2", "t1"]
    assert second["next_cursor"] is None
    assert second["items"][0]["name"] == "POST /chat"


def test_a_trace_shows_its_conversation_to_those_who_may(client: TestClient) -> None:
    root, call = get(client, "/traces/t1", key="auditor")["spans"]
    assert call["input_messages"] == json.loads(MESSAGES)
    assert call["attributes"] == {"tenant": "acme", "gen_ai.input.messages": MESSAGES}
    assert (call["parent_span_id"], call["content_hidden"], root["output_messages"]) == ("1", False, [])


def test_a_trace_hides_its_conversation_from_others(client: TestClient) -> None:
    shown = get(client, "/traces/t1", key="reader")
    assert "Where is my order" not in json.dumps(shown)
    assert [span["content_hidden"] for span in shown["spans"]] == [True, True]
    assert shown["spans"][1]["input_messages"] is None


def test_spans_are_listed_with_their_words(client: TestClient) -> None:
    items = get(client, "/spans", filter="model:gpt-4o", with_words=True)["items"]
    assert [(item["span_id"], item["output_text"]) for item in items] == [("2", "On its way.")]
    assert get(client, "/spans", filter="model:gpt-4o")["items"][0]["output_text"] is None


def test_sql_answers_columns_and_rows(client: TestClient) -> None:
    statement = {"query": "SELECT Project, count() AS spans FROM spans GROUP BY Project"}
    answer = client.post("/api/v1/sql", json=statement).json()
    assert answer == {"columns": ["Project", "spans"], "rows": [["shop", 3]]}


@pytest.mark.parametrize(("path", "found"), [("/traces", '"t9"'), ("/spans", '"t9"'), ("/query", "9.0")])
def test_a_key_shows_its_own_project(client: TestClient, path: str, found: str) -> None:
    parameters = {"measures": "cost_usd"} if path == "/query" else {}
    assert found in json.dumps(get(client, path, key="admin@rival", **parameters))
    assert found not in json.dumps(get(client, path, key="admin@shop", **parameters))


def test_errors_say_where_and_what(client: TestClient) -> None:
    error = refusal(client, "/spans", filter="model:x cost:>abc")
    assert (error["status"], error["code"]) == (400, "invalid_query")
    assert error["details"] == {"column": 15, "expected": "an amount such as 0.10 or $5"}
    assert refusal(client, "/traces/nowhere")["status"] == 404
    assert refusal(client, "/query", measures="cals")["code"] == "invalid_query"
    assert refusal(client, "/query")["code"] == "invalid_request"
    assert refusal(client, "/query", measures="calls", limit=0)["code"] == "invalid_request"
    assert refusal(client, "/traces", cursor="x")["code"] == "invalid_query"
    assert refusal(client, "/traces", start="soon")["code"] == "invalid_query"
    assert client.post("/api/v1/sql", json={"query": "DROP TABLE spans"}).status_code == 400
    assert client.post("/api/v1/sql", json={"sql": "SELECT 1"}).status_code == 400
    half = client.post("/api/v1/sql", content=b'{"query": "SELECT \\ud83d"}')
    assert half.status_code == 400, half.text


def test_every_parameter_and_field_of_the_documentation_is_typed(client: TestClient) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert {
        "/api/v1/query",
        "/api/v1/traces",
        "/api/v1/traces/{trace_id}",
        "/api/v1/spans",
        "/api/v1/sql",
    } <= set(document["paths"])
    parameters = document["paths"]["/api/v1/query"]["get"]["parameters"]
    assert [found["name"] for found in parameters] == [
        "measures", "by", "filter", "start", "end", "step", "order", "limit", "top", "compare", "exact",
    ]  # fmt: skip
    assert all(found["description"] for found in parameters)
    assert "text/csv" in document["paths"]["/api/v1/query"]["get"]["responses"]["200"]["content"]
