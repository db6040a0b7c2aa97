"""Errors, sessions, users, scores, review, budgets, views, comments, export and trees, on the engine."""

import io
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from watchkeeper_collector.api import (
    budgets,
    comments,
    error_groups,
    export,
    reviews,
    scores,
    sessions,
    traces,
    users,
    views,
)
from watchkeeper_collector.api.frame import build_api
from watchkeeper_collector.api.score_writing import build_recording
from watchkeeper_collector.query.messages import read_conversation
from watchkeeper_collector.state.keys import Principal
from watchkeeper_collector.state.state import State

from tests.query import NOON, NOON_NS, Shelf, Span, open_shelf
from tests.storage import kept, make_tables

DATABASE = "operations_api"
NOW_NS = NOON_NS + 3_600 * 10**9
DAY_S = 86_400.0
SCOPES = {"reader": {"read"}, "auditor": {"read", "content"}, "admin": {"admin"}, "writer": {"ingest"}}


def messages(*texts: str) -> str:
    roles = ("user", "assistant")
    return json.dumps(
        [
            {"role": roles[place % 2], "parts": [{"type": "text", "content": text}]}
            for place, text in enumerate(texts)
        ]
    )


def said(answer: str, *asked: str) -> dict[str, str]:
    output = [{"role": "assistant", "parts": [{"type": "text", "content": answer}], "finish_reason": "stop"}]
    return {"gen_ai.input.messages": messages(*asked), "gen_ai.output.messages": json.dumps(output)}


def failed(message: str, kind: str = "RateLimitError", **columns: Any) -> dict[str, Any]:
    return {"ErrorMessage": message, "ErrorType": kind, "Provider": "openai", **columns}


def call(span_id: str, trace: str, after_s: float, **facts: Any) -> Span:
    return Span(id=span_id, trace=trace, after_s=after_s, **{"model": "gpt-4o", **facts})


ROWS = [
    # Two turns of one conversation, and who had it.
    Span(id="01", trace="a1", name="POST /chat", kind="chain", duration_ms=900, user="ada", session="s/1"),
    call(
        "02", "a1", 0.1, parent="01", duration_ms=500, user="ada", session="s/1", cost_usd=0.5,
        input_tokens=10, output_tokens=5, input="Where is it?", output="On its way.",
        content=said("On its way.", "Where is it?"), extra={"InputHash": 1, "Provider": "openai"},
    ),
    Span(
        id="03", trace="a1", parent="01", after_s=0.7, duration_ms=100, kind="tool", name="lookup",
        user="ada", session="s/1",
    ),
    call(
        "04", "a2", 60, user="ada", session="s/1", cost_usd=1.5, input_tokens=30,
        input="Thanks", output="Welcome.", content=said("Welcome.", "Where is it?", "On its way.", "Thanks"),
        extra={"InputHash": 2, "Provider": "openai"},
    ),
    # An error that passes through two spans above, in two traces of two users; and one of another kind.
    Span(
        id="11", trace="e1", name="root", kind="chain", after_s=100, duration_ms=9_000, is_error=True,
        user="ada", extra=failed("RateLimitError: Limit 30 of org-a1", ""),
    ),
    Span(
        id="12", trace="e1", parent="11", kind="agent", after_s=101, duration_ms=8_000, is_error=True,
        user="ada", extra=failed("", ""),
    ),
    call(
        "13", "e1", 102, parent="12", is_error=True, user="ada",
        extra=failed("Limit 30 of org-a1", ErrorStatus=429, ServiceName="shop"),
    ),
    call(
        "14", "e2", 103, is_error=True, user="bob",
        extra=failed(
            "Error code: 429 - Limit 31 of org-b2", "openai.RateLimitError", ErrorStatus=429,
            ServiceName="shop",
        ),
    ),
    Span(
        id="17", trace="e2", parent="14", kind="http", after_s=103.0001, duration_ms=0.5, is_error=True,
        extra=failed("429 Too Many Requests", "429"),
    ),
    call("15", "e3", 104, is_error=True, user="bob", extra=failed("Bad key", "AuthError")),
    call("16", "e0", -2 * DAY_S, is_error=True, user="eve", extra=failed("Bad key", "AuthError")),
    # Another project's.
    call(
        "99", "f1", 0, project="rival", user="ada", session="s/1", cost_usd=9.0, is_error=True,
        extra=failed("Limit 30 of org-a1"), output="Secret.", content=said("Secret.", "x"),
    ),
]  # fmt: skip
SCORES = [
    {"Id": "k1", "Name": "helpful", "TraceId": "a1", "Value": 0.0, "DataType": "boolean", "after_s": 1},
    {"Id": "k1", "Name": "helpful", "TraceId": "a1", "Value": 1.0, "DataType": "boolean", "after_s": 2,
     "Comment": "Better."},
    {"Id": "k2", "Name": "helpful", "TraceId": "e2", "Value": 0.0, "DataType": "boolean", "after_s": 3},
    {"Id": "k3", "Name": "tone", "TraceId": "a2", "Label": "kind", "DataType": "categorical", "after_s": 4},
    {"Id": "k4", "Name": "helpful", "TraceId": "f1", "Project": "rival", "Value": 1.0, "after_s": 5},
]  # fmt: skip


@pytest.fixture(scope="module")
def shelf(engine_dsn: str) -> Iterator[Shelf]:
    with open_shelf(engine_dsn, DATABASE) as opened:
        make_tables(opened.store, kept(DATABASE), ["logs", "error_patterns", "scores"])
        opened.put(*ROWS)
        for score in SCORES:
            put_score(opened, **score)
        yield opened


def put_score(shelf: Shelf, *, after_s: float, **columns: Any) -> None:
    moment = NOON_NS + round(after_s * 1e9)
    row = {"Project": "shop", "EventDay": NOON.date(), "Timestamp": moment, "ReceivedAt": moment, **columns}
    shelf._insert("scores", row)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    opened = State(f"sqlite:///{tmp_path_factory.mktemp('state')}/state.db")
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def sent() -> list[bytes]:
    return []


@pytest.fixture(scope="module")
def client(shelf: Shelf, state: State, sent: list[bytes]) -> Iterator[TestClient]:
    source = shelf.source

    def authenticate(headers: Mapping[str, str]) -> Principal:
        name, _, project = headers.get("x-api-key", "admin").partition("@")
        return Principal(project or "shop", name, frozenset(SCOPES[name]))

    async def send(caller: Principal, body: bytes) -> None:
        assert caller.allows("ingest")
        sent.append(body)

    def now() -> int:
        return NOW_NS

    routers = [
        error_groups.build_router(source, state.resolutions, now_ns=now),
        sessions.build_router(source, read_conversation, now_ns=now),
        users.build_router(source, now_ns=now),
        scores.build_router(source, build_recording(send, now_ns=now), now_ns=now),
        reviews.build_router(source, now_ns=now),
        comments.build_router(state.comments, lambda _, text: text),
        budgets.build_router(source, state.budgets, now_ns=now),
        views.build_router(state.views),
        export.build_router(source, read_conversation, now_ns=now),
        traces.build_router(source, read_conversation, now_ns=now),
    ]
    app = build_api(APIRouter(), routers, version="0", authenticate=authenticate)
    with TestClient(app, base_url="http://localhost") as opened:
        yield opened


def ask(client: TestClient, method: str, path: str, key: str = "admin", **sent: Any) -> Any:
    return client.request(method, f"/api/v1{path}", headers={"x-api-key": key}, **sent)


def get(client: TestClient, path: str, *, key: str = "admin", **parameters: Any) -> Any:
    answer = ask(client, "GET", path, key, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pages(client: TestClient, path: str, **parameters: Any) -> list[dict[str, Any]]:
    """All items, asked for one by one."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None:
        page = get(client, path, limit=1, cursor=cursor, **parameters)
        assert len(page["items"]) <= 1
        items += page["items"]
        cursor = page["next_cursor"]
    return items


# --- errors


def test_errors_are_grouped_where_they_happened(client: TestClient) -> None:
    limited, bad_key = get(client, "/errors", order="-count")["items"]
    assert (limited["pattern"], limited["count"], limited["users"], limited["traces"]) == (
        "Limit <n> of <id>", 2, 2, 2,
    )  # fmt: skip
    assert (limited["error_type"], limited["provider"], limited["model"], limited["error_status"]) == (
        "RateLimitError", "openai", "gpt-4o", 429,
    )  # fmt: skip
    assert limited["message"] == "Error code: 429 - Limit 31 of org-b2"
    assert [example["trace_id"] for example in limited["examples"]] == ["e2", "e1"]
    assert sum(limited["trend"]["counts"]) == 2
    assert (bad_key["count"], bad_key["users"]) == (1, 1)


def test_a_group_is_new_until_it_was_seen_before_the_window(client: TestClient) -> None:
    states = {group["pattern"]: group["state"] for group in get(client, "/errors")["items"]}
    assert states == {"Limit <n> of <id>": "new", "Bad key": "ongoing"}
    assert [group["pattern"] for group in get(client, "/errors", state="new")["items"]] == [
        "Limit <n> of <id>"
    ]
    (bad_key,) = get(client, "/errors", state="ongoing")["items"]
    assert bad_key["first_seen"] == "2026-11-18T12:00:00.000000000Z"
    assert get(client, "/errors", start="-7d", state="ongoing")["items"] == []


def test_a_resolved_group_regresses_when_it_is_seen_again(client: TestClient, state: State) -> None:
    fingerprint = get(client, "/errors", state="new")["items"][0]["fingerprint"]
    assert ask(client, "POST", f"/errors/{fingerprint}/resolve").status_code == 200
    (group,) = get(client, "/errors", state="resolved")["items"]
    assert (group["fingerprint"], group["resolved_at"] is not None) == (fingerprint, True)
    with state.database.write() as connection:
        earlier = (NOON + timedelta(seconds=100)).replace(tzinfo=None)
        connection.exec_driver_sql(f"UPDATE error_resolutions SET resolved_at = '{earlier}.000000'")
    assert get(client, f"/errors/{fingerprint}")["state"] == "regressed"
    assert ask(client, "DELETE", f"/errors/{fingerprint}/resolve").status_code == 204
    assert ask(client, "DELETE", f"/errors/{fingerprint}/resolve").status_code == 404
    assert get(client, f"/errors/{fingerprint}")["state"] == "new"


def test_one_group_says_where_it_happens(client: TestClient) -> None:
    fingerprint = get(client, "/errors", order="-count")["items"][0]["fingerprint"]
    group = get(client, f"/errors/{fingerprint}")
    assert group["services"] == [{"value": "shop", "count": 2}]
    assert {share["value"] for share in group["most_affected_users"]} == {"ada", "bob"}
    occurrences = pages(client, f"/errors/{fingerprint}/occurrences")
    assert [found["span_id"] for found in occurrences] == ["14", "13"]
    early = ask(client, "GET", f"/errors/{fingerprint}", params={"end": "2026-11-20T11:00:00Z"})
    assert early.status_code == 404


def test_a_group_that_is_not_in_the_window_has_a_count_of_0(client: TestClient) -> None:
    (bad_key,) = get(client, "/errors", state="ongoing")["items"]
    quiet = get(client, f"/errors/{bad_key['fingerprint']}", start="2026-11-19", end="2026-11-20")
    assert (quiet["count"], quiet["examples"], quiet["pattern"]) == (0, [], "Bad key")
    assert sum(quiet["trend"]["counts"]) == 0


def test_errors_are_filtered_and_paged(client: TestClient) -> None:
    assert [group["pattern"] for group in get(client, "/errors", filter="user:ada")["items"]] == [
        "Limit <n> of <id>"
    ]
    by_count = [group["pattern"] for group in pages(client, "/errors", order="-count")]
    assert by_count == ["Limit <n> of <id>", "Bad key"]
    assert [group["pattern"] for group in pages(client, "/errors", order="-last_seen")] == by_count[::-1]


def test_errors_need_no_window(client: TestClient) -> None:
    groups = get(client, "/errors", start="", end="")["items"]
    assert {group["pattern"]: group["count"] for group in groups} == {"Limit <n> of <id>": 2, "Bad key": 2}
    assert {sum(group["trend"]["counts"]) for group in groups} == {2}
    assert get(client, "/errors", start="", end="", key="admin@nobody")["items"] == []


# --- words


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/errors", 0),
        ("/sessions", 1),
        ("/users", 1),
        ("/scores", 1),
        ("/scores/names", 1),
        ("/review?name=other", 1),
    ],
)
def test_words_are_searched_for_by_those_who_may(client: TestClient, path: str, found: int) -> None:
    where = f"{path}{'&' if '?' in path else '?'}filter=%22on its way%22"
    answer = ask(client, "GET", where, "auditor")
    assert (answer.status_code, len(answer.json()["items"])) == (200, found), answer.text
    assert ask(client, "GET", where, "reader").status_code == 403


# --- sessions


def test_a_session_is_summed_up_over_its_traces(client: TestClient) -> None:
    (session,) = get(client, "/sessions")["items"]
    assert session["session_id"] == "s/1"
    assert (session["turn_count"], session["trace_count"], session["call_count"], session["span_count"]) == (
        2, 2, 2, 4,
    )  # fmt: skip
    assert (session["cost_usd"], session["input_tokens"], session["output_tokens"]) == (2.0, 40, 5)
    assert (session["users"], session["last_input"], session["last_output"]) == (
        ["ada"],
        "Thanks",
        "Welcome.",
    )


def test_a_session_counts_whole_whichever_span_the_filter_keeps(client: TestClient) -> None:
    (session,) = get(client, "/sessions", filter="kind:tool")["items"]
    assert session["cost_usd"] == 2.0
    assert get(client, "/sessions", filter="user:bob")["items"] == []


@pytest.mark.parametrize("order", ["-last_seen", "-cost_usd", "-call_count", "-error_count", "-turn_count"])
def test_sessions_are_paged_in_every_order(shelf: Shelf, client: TestClient, order: str) -> None:
    rows = [
        Span(id=f"p{number}", trace=f"p{number}", project="paged", session=f"s{number}", after_s=number,
             cost_usd=float(number), user=f"u{number}")
        for number in range(3)
    ]  # fmt: skip
    if not get(client, "/sessions", key="admin@paged")["items"]:
        shelf.put(*rows)
    names = [session["session_id"] for session in pages(client, "/sessions", key="admin@paged", order=order)]
    assert sorted(names) == ["s0", "s1", "s2"]
    if order in {"-last_seen", "-cost_usd"}:
        assert names == ["s2", "s1", "s0"]


def test_a_conversation_shows_each_message_once(client: TestClient) -> None:
    session = get(client, "/sessions/s/1", key="auditor")
    texts = [
        [message["message"]["parts"][0]["content"] for message in trace["messages"]]
        for trace in session["traces"]
    ]
    assert texts == [["Where is it?", "On its way."], ["Thanks", "Welcome."]]
    assert [message["is_output"] for message in session["traces"][0]["messages"]] == [False, True]


def test_a_conversation_is_paged_by_traces(client: TestClient) -> None:
    first = get(client, "/sessions/s%2F1", limit=1)
    second = get(client, "/sessions/s%2F1", limit=1, cursor=first["next_cursor"])
    assert [page["traces"][0]["trace_id"] for page in (first, second)] == ["a1", "a2"]
    assert second["next_cursor"] is None


def test_a_conversation_is_hidden_from_those_who_may_not_see_it(client: TestClient) -> None:
    session = get(client, "/sessions/s/1", key="reader")
    assert "On its way" not in json.dumps(session)
    assert (session["content_hidden"], session["traces"][0]["messages"]) == (True, None)
    assert get(client, "/sessions", key="reader")["items"][0]["last_output"] is None


# --- users


def test_users_are_sorted_by_what_they_cost(client: TestClient) -> None:
    ada, bob = pages(client, "/users")
    assert (ada["user_id"], ada["cost_usd"], ada["call_count"], ada["error_count"]) == ("ada", 2.0, 3, 1)
    assert (ada["session_count"], ada["error_rate"]) == (1, pytest.approx(1 / 3))
    assert (bob["user_id"], bob["cost_usd"], bob["error_rate"]) == ("bob", None, 1.0)
    assert [user["user_id"] for user in get(client, "/users", order="-error_count")["items"]] == [
        "bob",
        "ada",
    ]


def test_scores_of_a_users_traces_are_the_users(client: TestClient) -> None:
    ada, bob = get(client, "/users")["items"]
    assert ada["scores"] == [
        {"name": "helpful", "count": 1, "mean": 1.0},
        {"name": "tone", "count": 1, "mean": None},
    ]
    assert bob["scores"] == [{"name": "helpful", "count": 1, "mean": 0.0}]


def test_one_user_says_what_the_calls_were(client: TestClient) -> None:
    user = get(client, "/users/ada")
    assert user["models"] == [{"value": "gpt-4o", "call_count": 3, "error_count": 1, "cost_usd": 2.0}]
    earlier = get(client, "/users/eve")
    assert (earlier["call_count"], earlier["first_seen"]) == (0, "2026-11-18T12:00:00.000000000Z")
    assert ask(client, "GET", "/users/nobody").status_code == 404


# --- scores and review


def test_the_newest_word_of_a_score_counts(client: TestClient) -> None:
    found = pages(client, "/scores")
    assert [(score["id"], score["value"], score["label"]) for score in found] == [
        ("k3", None, "kind"), ("k2", 0.0, ""), ("k1", 1.0, ""),
    ]  # fmt: skip
    assert found[2]["comment"] == "Better."
    assert get(client, "/scores", key="reader")["items"][2]["comment"] is None


def test_scores_are_found_by_what_they_are_about(client: TestClient) -> None:
    def ids(**parameters: str) -> list[str]:
        return [score["id"] for score in get(client, "/scores", **parameters)["items"]]

    assert ids(name="helpful") == ["k2", "k1"]
    assert ids(trace_id="A1") == ["k1"]
    assert ids(filter="user:ada") == ["k3", "k1"]
    assert ids(start="2026-11-20T12:00:04Z") == ["k3"]
    assert ids(source="review") == []


def test_names_of_scores_say_what_was_given(client: TestClient) -> None:
    helpful, tone = get(client, "/scores/names")["items"]
    assert (helpful["name"], helpful["count"], helpful["mean"], helpful["low"], helpful["high"]) == (
        "helpful", 2, 0.5, 0.0, 1.0,
    )  # fmt: skip
    assert (tone["data_type"], tone["labels"], tone["mean"]) == (
        "categorical", [{"label": "kind", "count": 1}], None,
    )  # fmt: skip


def test_a_score_is_sent_on_before_it_is_answered(client: TestClient, sent: list[bytes]) -> None:
    before = len(sent)
    answer = ask(
        client, "POST", "/scores", "writer", json={"name": "ok", "value": True, "trace_id": "ab" * 16}
    )
    assert (answer.status_code, len(answer.json()["id"]), len(sent)) == (202, 32, before + 1)
    many = {"items": [{"name": "ok", "value": 1, "session_id": "s", "id": str(place)} for place in range(3)]}
    answer = ask(client, "POST", "/scores/batch", "writer", json=many)
    assert [item["id"] for item in answer.json()["items"]] == ["0", "1", "2"]
    assert ask(client, "POST", "/scores", "writer", json={"name": "ok", "value": 1}).status_code == 400


def test_the_review_queue_has_what_lacks_the_score(client: TestClient) -> None:
    assert [item["trace_id"] for item in pages(client, "/review", name="helpful", start="-24h") if item] == [
        "e3", "e1", "a2",
    ]  # fmt: skip
    queue = get(client, "/review", name="tone", filter="user:ada -is:error")
    assert [item["trace_id"] for item in queue["items"]] == ["a1"]


# --- one trace as a tree


def test_a_trace_opens_from_its_roots(client: TestClient) -> None:
    tree = get(client, "/traces/a1", parent="roots", depth=1)
    (root,) = tree["spans"]
    assert (root["span_id"], root["depth"], root["child_count"], root["is_on_critical_path"]) == (
        "01",
        0,
        2,
        True,
    )
    assert (root["subtree"]["span_count"], root["subtree"]["cost_usd"], root["details"]) == (3, 0.5, None)
    assert tree["neighbours"] == {"session_id": "s/1", "previous_trace_id": None, "next_trace_id": "a2"}
    assert "On its way" not in json.dumps(tree)


def test_a_branch_is_paged_and_detailed_when_asked(client: TestClient) -> None:
    first = get(client, "/traces/a1", parent="01", limit=1, with_details=True)
    second = get(client, "/traces/a1", parent="01", limit=1, cursor=first["next_cursor"])
    assert [page["spans"][0]["span_id"] for page in (first, second)] == ["02", "03"]
    assert first["spans"][0]["details"]["output_messages"][0]["parts"][0]["content"] == "On its way."
    assert second["next_cursor"] is None
    hidden = get(client, "/traces/a1", parent="01", with_details=True, key="reader")
    assert hidden["spans"][0]["details"]["content_hidden"] is True


def test_a_span_that_there_is_not_has_no_branch(client: TestClient) -> None:
    assert ask(client, "GET", "/traces/a1?parent=77").status_code == 404
    assert ask(client, "GET", "/traces/f1?parent=roots").status_code == 404
    assert ask(client, "GET", "/traces/a1/spans/77").status_code == 404
    assert get(client, "/traces/a1/spans/02")["output_messages"][0]["role"] == "assistant"


# --- budgets


def budget(client: TestClient, **facts: Any) -> Any:
    return ask(client, "POST", "/budgets", json={"name": "all", "limit_usd": 10, **facts})


def test_a_budget_says_what_was_spent(client: TestClient) -> None:
    made = budget(client, name="ada", filter="user:ada", period="day", limit_usd=100).json()
    use = made["use"]
    assert (use["spent_usd"], use["spent_ratio"], use["state"]) == (2.0, 0.02, "ok")
    assert (use["period_start"], use["period_end"]) == (
        "2026-11-20T00:00:00.000000000Z", "2026-11-21T00:00:00.000000000Z",
    )  # fmt: skip
    assert use["forecast"]["method"] == "rate"
    assert use["forecast"]["low_usd"] <= use["forecast"]["expected_usd"] <= use["forecast"]["high_usd"]
    changed = ask(client, "PUT", f"/budgets/{made['id']}", json={"name": "ada", "limit_usd": 1.5})
    assert changed.json()["use"]["state"] == "over"
    assert get(client, f"/budgets/{made['id']}")["limit_usd"] == 1.5
    assert ask(client, "DELETE", f"/budgets/{made['id']}").status_code == 204
    assert ask(client, "GET", f"/budgets/{made['id']}").status_code == 404


def test_periods_begin_in_the_budgets_zone(client: TestClient) -> None:
    made = budget(client, name="zone", period="week", time_zone="Asia/Kolkata").json()
    assert made["use"]["period_start"] == "2026-11-15T18:30:00.000000000Z"
    month = budget(client, name="month", period="month", time_zone="America/New_York").json()
    assert (month["use"]["period_start"], month["use"]["period_end"]) == (
        "2026-11-01T04:00:00.000000000Z", "2026-12-01T05:00:00.000000000Z",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"filter": "user:"}, 400),
        ({"filter": "nonsense:1"}, 400),
        ({"filter": "words"}, 400),
        ({"time_zone": "Mars/Base"}, 400),
        ({"time_zone": "../etc/passwd"}, 400),
        ({"limit_usd": 0}, 400),
        ({"period": "year"}, 400),
        ({"name": ""}, 400),
    ],
    ids=str,
)
def test_a_budget_that_makes_no_sense_is_refused(
    client: TestClient, facts: dict[str, Any], status: int
) -> None:
    assert budget(client, **{"name": "bad", **facts}).status_code == status


# --- views, comments, and what they share


@pytest.mark.parametrize(
    ("path", "facts"),
    [
        ("/budgets", {"name": "n", "limit_usd": 1}),
        ("/views", {"page": "traces", "name": "n", "query": "filter=user%3Aada&start=-24h"}),
    ],
)
def test_a_name_is_taken_once_and_by_project(client: TestClient, path: str, facts: dict[str, Any]) -> None:
    made = ask(client, "POST", path, json=facts)
    assert made.status_code == 201
    again = ask(client, "POST", path, json=facts)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    other = ask(client, "POST", path, "admin@rival", json=facts)
    assert other.status_code == 201
    second = ask(client, "POST", path, json={**facts, "name": "m"})
    assert ask(client, "PUT", f"{path}/{second.json()['id']}", json=facts).status_code == 409
    for method in ("GET", "PUT", "DELETE"):
        foreign = ask(client, method, f"{path}/{made.json()['id']}", "admin@rival", json=facts)
        assert foreign.status_code == 404
    assert [item["name"] for item in pages(client, path)][-2:] == ["n", "m"]


@pytest.mark.parametrize(
    "query", ["filter=user:", "start=soon", "https://x.example/?a=b", "?start=-1h", "a\nb=c", "no pairs"]
)
def test_a_view_that_nobody_could_open_is_refused(client: TestClient, query: str) -> None:
    answer = ask(client, "POST", "/views", json={"page": "traces", "name": "bad", "query": query})
    assert answer.status_code == 400, answer.text


def test_comments_stand_at_traces_and_spans(client: TestClient) -> None:
    made = ask(
        client, "POST", "/comments", "writer", json={"trace_id": "AB", "text": "Look here.", "author": "Ada"}
    )
    assert made.status_code == 201
    ask(client, "POST", "/comments", json={"trace_id": "ab", "span_id": "0C", "text": "And here."})
    assert [found["text"] for found in pages(client, "/comments", trace_id="ab")] == [
        "Look here.",
        "And here.",
    ]
    assert [found["text"] for found in get(client, "/comments", span_id="0c")["items"]] == ["And here."]
    assert get(client, "/comments", key="admin@rival")["items"] == []
    second = get(client, "/comments", span_id="0c")["items"][0]
    assert ask(client, "DELETE", f"/comments/{second['id']}", "writer").status_code == 403
    assert ask(client, "DELETE", f"/comments/{made.json()['id']}", "writer").status_code == 204
    assert ask(client, "DELETE", f"/comments/{made.json()['id']}", "writer").status_code == 404


# --- export


def exported(client: TestClient, key: str = "admin", **parameters: Any) -> list[dict[str, Any]]:
    answer = ask(client, "GET", "/export", key, params={"format": "jsonl", **parameters})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_spans_are_exported_oldest_first(client: TestClient) -> None:
    rows = exported(client, start="-24h")
    assert [row["span_id"] for row in rows] == ["01", "02", "03", "04", "11", "12", "13", "14", "17", "15"]
    assert (rows[1]["cost_usd"], rows[1]["timestamp"]) == (0.5, "2026-11-20T12:00:00.100000000Z")
    assert "output_messages" not in rows[1]


def test_content_is_exported_to_those_who_may_see_it(client: TestClient) -> None:
    rows = exported(client, "auditor", filter="kind:llm user:ada -is:error", with_content=True)
    assert rows[0]["output_messages"][0]["parts"][0]["content"] == "On its way."
    refused = ask(client, "GET", "/export?with_content=true", "reader")
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("what", "ids"),
    [
        ("traces", {"a1", "a2", "e1", "e2", "e3", "e0"}),
        ("sessions", {"s/1"}),
        ("scores", {"k1", "k2", "k3"}),
    ],
)
def test_other_things_are_exported_too(client: TestClient, what: str, ids: set[str]) -> None:
    name = {"traces": "trace_id", "sessions": "session_id", "scores": "id"}[what]
    assert {row[name] for row in exported(client, what=what)} == ids
    assert {row[name] for row in exported(client, "admin@rival", what=what)}.isdisjoint(ids - {"s/1"})


def test_a_file_of_each_format_has_a_name(client: TestClient) -> None:
    answer = ask(client, "GET", "/export?format=parquet&start=-24h")
    assert pq.read_table(io.BytesIO(answer.content)).num_rows == 10
    assert answer.headers["content-disposition"] == 'attachment; filename="watchkeeper-spans.parquet"'
    assert answer.headers["x-watchkeeper-rows"] == "10"
    assert ask(client, "GET", "/export?format=csv").headers["content-type"].startswith("text/csv")


def test_what_is_wrong_is_said_before_the_file_begins(client: TestClient) -> None:
    for what in ("spans", "traces", "sessions", "scores"):
        answer = ask(client, "GET", "/export", params={"what": what, "filter": "cost:>abc"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_query")


def test_chunks_follow_each_other_without_a_gap(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchkeeper_collector.query.export.CHUNK", 2)
    monkeypatch.setattr("watchkeeper_collector.query.export.PAGE", 2)
    assert len(exported(client, start="-24h")) == 10
    assert len(exported(client, what="traces")) == 6
    assert len(exported(client, what="scores")) == 3


def test_documentation_names_every_field(client: TestClient) -> None:
    document = client.get("/api/v1/openapi.json").json()
    tree = document["components"]["schemas"]["TraceTree"]["properties"]
    assert {"spans", "neighbours", "parent", "next_cursor", "trace_id"} <= set(tree)
