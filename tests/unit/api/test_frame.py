"""The API as a whole: what each endpoint asks for, what it says of itself, and the operational routers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from watchkeeper_collector.app import Collector, build_collector
from watchkeeper_collector.settings import Settings
from watchkeeper_collector.state.keys import SCOPES

OPEN, LINK, KNOWN, OPERATORS = "", "link", "any", "operators"
"""No key is needed; the address holds the right; any key will do; an admin's of the operators' project."""
ENDPOINTS = {
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": OPEN,
    "GET /api/v1/status": "read",
    "GET /api/v1/query": "read",
    "GET /api/v1/traces": "read",
    "GET /api/v1/traces/{trace_id}": "read",
    "GET /api/v1/spans": "read",
    "POST /api/v1/sql": "admin",
    "GET /api/v1/keys": "admin",
    "POST /api/v1/keys": "admin",
    "DELETE /api/v1/keys/{key_id}": "admin",
    "GET /api/v1/dead-letters": "admin",
    "GET /api/v1/dead-letters/{letter_id}": "admin",
    "POST /api/v1/dead-letters/{letter_id}/replay": "admin",
    "DELETE /api/v1/dead-letters/{letter_id}": "admin",
    "GET /api/v1/prices": "read",
    "PUT /api/v1/prices": "admin",
    "DELETE /api/v1/prices": "admin",
    "GET /api/v1/prices/unpriced": "read",
    "GET /api/v1/prices/versions": "read",
    "POST /api/v1/prices/reprice": "admin",
    "GET /api/v1/prices/reprice/{reprice_id}": "admin",
    "GET /api/v1/traces/{trace_id}/spans/{span_id}": "read",
    "GET /api/v1/errors": "read",
    "GET /api/v1/errors/{fingerprint}": "read",
    "GET /api/v1/errors/{fingerprint}/occurrences": "read",
    "POST /api/v1/errors/{fingerprint}/resolve": "alerts",
    "DELETE /api/v1/errors/{fingerprint}/resolve": "alerts",
    "GET /api/v1/sessions": "read",
    "GET /api/v1/sessions/{session_id}": "read",
    "GET /api/v1/users": "read",
    "GET /api/v1/users/{user_id}": "read",
    "GET /api/v1/scores": "read",
    "GET /api/v1/scores/names": "read",
    "POST /api/v1/scores": "ingest",
    "POST /api/v1/scores/batch": "ingest",
    "POST /api/public/scores": "ingest",
    "POST /api/public/ingestion": "ingest",
    "GET /api/v1/review": "read",
    "GET /api/v1/comments": "read",
    "POST /api/v1/comments": "ingest",
    "DELETE /api/v1/comments/{comment_id}": "ingest",
    "GET /api/v1/budgets": "read",
    "GET /api/v1/budgets/{budget_id}": "read",
    "POST /api/v1/budgets": "alerts",
    "PUT /api/v1/budgets/{budget_id}": "alerts",
    "DELETE /api/v1/budgets/{budget_id}": "alerts",
    "GET /api/v1/views": "read",
    "GET /api/v1/views/{view_id}": "read",
    "POST /api/v1/views": "alerts",
    "PUT /api/v1/views/{view_id}": "alerts",
    "DELETE /api/v1/views/{view_id}": "alerts",
    "GET /api/v1/export": "read",
    "GET /api/v1/histogram": "read",
    "GET /api/v1/facets": "read",
    "GET /api/v1/vocabulary": "read",
    "GET /api/v1/demo": "read",
    "DELETE /api/v1/demo": "admin",
    "GET /api/v1/alerts": "read",
    "GET /api/v1/alerts/events": "read",
    "GET /api/v1/alerts/episodes": "read",
    "GET /api/v1/alerts/status": "read",
    "GET /api/v1/alerts/{fingerprint}": "read",
    "GET /api/v1/audit": "admin",
    "GET /api/v1/me": KNOWN,
    "GET /api/v1/alerts/acknowledgements": "read",
    "POST /api/v1/alerts/{fingerprint}/ack": "alerts",
    "DELETE /api/v1/alerts/{fingerprint}/ack": "alerts",
    "GET /api/v1/acknowledge/{token}": LINK,
    "POST /api/v1/acknowledge/{token}": LINK,
    "GET /api/v1/alerts/rules": "read",
    "POST /api/v1/alerts/rules": "alerts",
    "GET /api/v1/alerts/rules/{rule_id}": "read",
    "PUT /api/v1/alerts/rules/{rule_id}": "alerts",
    "DELETE /api/v1/alerts/rules/{rule_id}": "alerts",
    "POST /api/v1/alerts/rules/preview": "alerts",
    "POST /api/v1/alerts/rules/{rule_id}/pause": "alerts",
    "POST /api/v1/alerts/rules/{rule_id}/resume": "alerts",
    "GET /api/v1/silences": "read",
    "POST /api/v1/silences": "alerts",
    "GET /api/v1/silences/{silence_id}": "read",
    "PUT /api/v1/silences/{silence_id}": "alerts",
    "DELETE /api/v1/silences/{silence_id}": "alerts",
    "GET /api/v1/receivers": "read",
    "POST /api/v1/receivers": "admin",
    "GET /api/v1/receivers/{name}": "read",
    "PUT /api/v1/receivers/{name}": "admin",
    "DELETE /api/v1/receivers/{name}": "admin",
    "POST /api/v1/receivers/{name}/test": "alerts",
    "POST /api/v1/receivers/{name}/enable": "alerts",
    "GET /api/v1/routes": "read",
    "POST /api/v1/routes": "admin",
    "PUT /api/v1/routes/{route_id}": "admin",
    "DELETE /api/v1/routes/{route_id}": "admin",
    "GET /api/v1/deliveries": "read",
    "GET /api/v1/deliveries/{delivery_id}": "read",
    "POST /api/v1/deliveries/{delivery_id}/replay": "alerts",
    "GET /api/v1/releases": "read",
    "GET /api/v1/compare": "read",
    "POST /api/v1/compare": "read",
    "GET /api/v1/drift": "read",
    "POST /api/v1/drift/check": "read",
    "GET /api/v1/drift/events": "read",
    "GET /api/v1/drift/consistency": "read",
    "GET /api/v1/baselines": "read",
    "POST /api/v1/baselines": "alerts",
    "GET /api/v1/baselines/{baseline_id}": "read",
    "DELETE /api/v1/baselines/{baseline_id}": "alerts",
    "GET /api/v1/redaction": "admin",
    "PUT /api/v1/redaction": "admin",
    "DELETE /api/v1/redaction": "admin",
    "GET /api/v1/redaction/versions": "admin",
    "POST /api/v1/redaction/try": "admin",
    "GET /api/v1/retention": "read",
    "PUT /api/v1/retention": "admin",
    "DELETE /api/v1/retention": "admin",
    "DELETE /api/v1/sessions/{session_id}": "admin",
    "DELETE /api/v1/users/{user_id}": "admin",
    "GET /api/v1/erasures": "admin",
    "GET /api/v1/erasures/{erasure_id}": "admin",
    "POST /api/v1/backups": OPERATORS,
    "GET /api/v1/backups/{name}": OPERATORS,
}
"""Every endpoint with the scope that it needs. A new one is a line here."""


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """A collector that is not serving, with keys, in front of a store that is away."""
    data_dir = tmp_path_factory.mktemp("collector")
    built = build_collector(Settings(data_dir=data_dir, dsn="clickhouse://127.0.0.1:9/watchkeeper"))
    built.state.migrate()
    built.state.keys.start()
    built.spool.start()
    yield built
    built.spool._committer.close()
    built.spool.release()
    built.state.close()


@pytest.fixture(scope="module")
def client(collector: Collector) -> Iterator[TestClient]:
    with TestClient(collector.http, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def keys(collector: Collector) -> dict[str, str]:
    """A key for each scope, and one of another project."""
    made = {scope: collector.state.keys.create("shop", scope, [scope])[1] for scope in SCOPES}
    return made | {"stranger": collector.state.keys.create("bank", "stranger", ["admin"])[1]}


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def error_code(answer: Any) -> str:
    return str(answer.json().get("error", {}).get("code", "")) if answer.content else ""


def ask(client: TestClient, endpoint: str, headers: dict[str, str]) -> Any:
    method, path = endpoint.split(" ")
    return client.request(method, path.replace("{", "").replace("}", ""), headers=headers)


def test_every_endpoint_is_listed_here(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    found = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert found == set(ENDPOINTS)


@pytest.mark.parametrize("endpoint", [name for name, scope in ENDPOINTS.items() if scope not in {OPEN, LINK}])
def test_no_endpoint_answers_without_a_key(client: TestClient, keys: dict[str, str], endpoint: str) -> None:
    for headers in ({}, bearer("wk_unknown"), bearer(keys["read"][:-1])):
        answer = ask(client, endpoint, headers)
        assert (answer.status_code, error_code(answer)) == (401, "unauthenticated")


@pytest.mark.parametrize("endpoint", [name for name, scope in ENDPOINTS.items() if scope == OPEN])
def test_machines_need_no_key_to_ask_how_it_is(client: TestClient, endpoint: str) -> None:
    assert ask(client, endpoint, {}).status_code in (200, 503)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("endpoint", [name for name, scope in ENDPOINTS.items() if scope not in {OPEN, LINK}])
def test_an_endpoint_opens_to_its_scope_and_to_admin_only(
    collector: Collector, client: TestClient, keys: dict[str, str], endpoint: str, scope: str
) -> None:
    answer = ask(client, endpoint, bearer(keys[scope]))
    is_refused = (answer.status_code, error_code(answer)) == (403, "forbidden")
    opens_to_admin = scope == "admin" and ENDPOINTS[endpoint] != OPERATORS
    assert is_refused == (ENDPOINTS[endpoint] not in {scope, KNOWN} and not opens_to_admin)


def test_every_endpoint_says_what_it_does_and_how_it_fails(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert operation.get("description"), f"{method} {path}"
            assert "default" in operation["responses"], f"{method} {path}"
            assert "422" not in operation["responses"], f"{method} {path}"
            assert ("security" in operation) == (ENDPOINTS[f"{method.upper()} {path}"] not in {OPEN, LINK})


def test_a_key_is_made_used_listed_and_revoked(client: TestClient, keys: dict[str, str]) -> None:
    admin = bearer(keys["admin"])
    made = client.post("/api/v1/keys", json={"name": "app", "scopes": ["read"]}, headers=admin)
    assert made.status_code == 201
    key = made.json()
    assert client.get("/api/v1/status", headers=bearer(key["key"])).json()["project"] == "shop"
    listed = client.get("/api/v1/keys", headers=admin)
    assert key["id"] in {found["id"] for found in listed.json()["items"]}
    assert key["key"] not in listed.text
    assert client.delete(f"/api/v1/keys/{key['id']}", headers=admin).json()["revoked_at"] is not None
    assert client.get("/api/v1/status", headers=bearer(key["key"])).status_code == 401


def test_keys_of_another_project_are_not_to_be_seen_or_revoked(
    client: TestClient, keys: dict[str, str]
) -> None:
    stranger = bearer(keys["stranger"])
    assert {key["project"] for key in client.get("/api/v1/keys", headers=stranger).json()["items"]} == {
        "bank"
    }
    other = client.get("/api/v1/keys", headers=bearer(keys["admin"])).json()["items"][0]["id"]
    assert client.delete(f"/api/v1/keys/{other}", headers=stranger).status_code == 404


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "app", "scopes": []},
        {"name": "app", "scopes": ["root"]},
        {"name": "app", "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "app", "expires_at": "2999-01-01T00:00:00"},
        {"name": "app", "project": "bank"},
    ],
)
def test_a_key_that_makes_no_sense_is_refused(
    client: TestClient, keys: dict[str, str], wanted: dict[str, Any]
) -> None:
    answer = client.post("/api/v1/keys", json=wanted, headers=bearer(keys["admin"]))
    assert (answer.status_code, error_code(answer)) == (400, "invalid_request")


@pytest.fixture
def letter_id(collector: Collector) -> str:
    letters = collector.spool.dead_letters
    letter = letters.park("traces", "shop", "key-1", b"body", 3, received_ns=10**18, reason="It was refused.")
    return letter.id


def test_a_dead_letter_is_looked_at_and_removed(
    client: TestClient, keys: dict[str, str], letter_id: str
) -> None:
    admin = bearer(keys["admin"])
    letter = client.get(f"/api/v1/dead-letters/{letter_id}", headers=admin).json()
    assert letter == {
        "id": letter_id,
        "signal": "traces",
        "key_id": "key-1",
        "received_at": "2001-09-09T01:46:40Z",
        "reason": "It was refused.",
        "items": 3,
        "body_bytes": 4,
    }
    assert client.delete(f"/api/v1/dead-letters/{letter_id}", headers=admin).status_code == 204
    assert client.get(f"/api/v1/dead-letters/{letter_id}", headers=admin).status_code == 404


def test_a_replayed_letter_is_in_the_spool_again(
    collector: Collector, client: TestClient, keys: dict[str, str], letter_id: str
) -> None:
    before = collector.spool.stats().appended_items
    answer = client.post(f"/api/v1/dead-letters/{letter_id}/replay", headers=bearer(keys["admin"]))
    assert (answer.status_code, answer.json()) == (202, {"id": letter_id, "items": 3})
    assert collector.spool.stats().appended_items == before + 3
    assert not collector.spool.dead_letters.holds(letter_id)


@pytest.mark.parametrize("endpoint", ["GET {}", "DELETE {}", "POST {}/replay"])
def test_dead_letters_of_another_project_are_not_there(
    collector: Collector, client: TestClient, keys: dict[str, str], letter_id: str, endpoint: str
) -> None:
    stranger = bearer(keys["stranger"])
    method, path = endpoint.format(f"/api/v1/dead-letters/{letter_id}").split(" ")
    assert client.request(method, path, headers=stranger).status_code == 404
    assert client.get("/api/v1/dead-letters", headers=stranger).json() == {"items": [], "next_cursor": None}
    assert collector.spool.dead_letters.holds(letter_id)


@pytest.mark.parametrize("name", ["..%2F..%2Fstate.db", "0", "%00", "a" * 500])
def test_a_name_that_is_no_letters_finds_nothing(client: TestClient, keys: dict[str, str], name: str) -> None:
    assert client.get(f"/api/v1/dead-letters/{name}", headers=bearer(keys["admin"])).status_code == 404


def test_letters_come_page_by_page_newest_first(
    collector: Collector, client: TestClient, keys: dict[str, str]
) -> None:
    letters, admin = collector.spool.dead_letters, bearer(keys["admin"])
    for number in range(5):
        letters.park("logs", "shop", "", b"x", 1, received_ns=number, reason="no")
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get("/api/v1/dead-letters", params={"limit": 2, "cursor": cursor}, headers=admin)
        found += [letter["id"] for letter in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
    assert found == [letter.id for letter in letters.list(project="shop")]
    assert len(found) >= 5


def test_slashes_and_cases_make_no_second_path(client: TestClient, keys: dict[str, str]) -> None:
    for path in ("/api/v1/keys/", "/API/v1/keys", "/api//v1/keys", "/v1/traces/"):
        assert client.get(path, headers=bearer(keys["admin"]), follow_redirects=False).status_code in (
            404,
            405,
        )


def test_answers_are_json_that_any_parser_reads(client: TestClient, keys: dict[str, str]) -> None:
    text = client.get("/api/v1/status", headers=bearer(keys["read"])).text
    json.loads(text, parse_constant=pytest.fail)


def test_a_score_is_taken_while_the_store_is_away(client: TestClient, keys: dict[str, str]) -> None:
    score = {"name": "helpful", "value": 1, "trace_id": "ab" * 16}
    ingest = bearer(keys["ingest"])
    first = client.post("/api/v1/scores", json=score, headers=ingest)
    again = client.post("/api/v1/scores", json=score, headers=ingest)
    assert (first.status_code, first.json()) == (202, again.json())
    langfuse = {"name": "helpful", "value": 1, "traceId": "ab" * 16}
    assert client.post("/api/public/scores", json=langfuse, headers=ingest).status_code == 200
    assert client.get("/api/v1/scores", headers=bearer(keys["read"])).status_code == 503


def test_what_people_keep_is_there_while_the_store_is_away(client: TestClient, keys: dict[str, str]) -> None:
    view = {"page": "traces", "name": "slow", "query": "start=-24h"}
    made = client.post("/api/v1/views", json=view, headers=bearer(keys["alerts"]))
    assert made.status_code == 201
    listed = client.get("/api/v1/views", headers=bearer(keys["read"])).json()["items"]
    assert [found["name"] for found in listed] == ["slow"]


def test_a_budget_is_kept_only_where_it_can_be_answered(client: TestClient, keys: dict[str, str]) -> None:
    budget = {"name": "all", "limit_usd": 10}
    for _ in range(2):
        assert client.post("/api/v1/budgets", json=budget, headers=bearer(keys["alerts"])).status_code == 503
    assert client.get("/api/v1/budgets", headers=bearer(keys["read"])).json()["items"] == []


def test_a_batch_of_langfuses_says_what_became_of_each_item(client: TestClient, keys: dict[str, str]) -> None:
    items = [
        {"id": "e1", "type": "score-create", "body": {"name": "tone", "value": "kind", "sessionId": "s"}},
        {"id": "e2", "type": "trace-create", "body": {"id": "t"}},
        {"id": "e3", "type": "score-create", "body": {"name": "tone"}},
    ]
    answer = client.post("/api/public/ingestion", json={"batch": items}, headers=bearer(keys["ingest"]))
    assert answer.status_code == 207
    assert answer.json()["successes"] == [{"id": "e1", "status": 201}]
    assert {error["id"]: error["status"] for error in answer.json()["errors"]} == {"e2": 400, "e3": 400}
