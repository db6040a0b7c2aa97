"""Two teams on one collector: nothing that one asks for, whatever its role, ever tells of the other."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Wire
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.collector import Answer, CollectorProcess
from tests.otlp.requests import log_request, make_span, trace_request

CANARY = "Kanarienvogel"
"""Stands in every text that the other team sent or made, and in nothing of the spy's."""
WORD = "Siebenschläfer"
"""Stands in prompts, answers, tool arguments and comments of scores, and nowhere else."""
CANARY_SPANS = 7
PATIENCE_S = 240.0
SESSION, USER = "session-41", "user-41"
"""Ids that the spy may guess; an answer may repeat what was asked."""
TRACE_ID, SPAN_ID = bytes.fromhex("ca" * 16), bytes.fromhex("ca" * 8)
PROTOBUF = {"content-type": "application/x-protobuf"}
ROLES = ("sender", "viewer", "analyst", "responder", "admin")
METHODS = ("get", "post", "put", "patch", "delete")
VARYING = re.compile(
    r"\"state\":\"(?:waiting|running|done)\".*$|\d{4}-\d\d-\d\dT[\d:.]+Z?|[0-9a-f]{16,64}", re.DOTALL
)
"""How far a job has come and what it has found by then, times, ids and hashes of what was made by asking."""
ABSENT = {
    "trace_id": "ab" * 16, "span_id": "ab" * 8, "fingerprint": "ab" * 8, "reprice_id": "ab" * 16,
    "letter_id": "ab" * 8,
}  # fmt: skip
FEW = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Teams:
    """``owner`` is the admin key of the team with the canary, ``spies`` are the other team's, by role."""

    def __init__(self, collector: CollectorProcess) -> None:
        self.collector = collector
        self.owner = ""
        self.spies: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.endpoints: list[tuple[str, str, Mapping[str, Any]]] = []

    def __repr__(self) -> str:
        return "teams"

    def spy(self, path: str, role: str = "admin", **more: Any) -> Answer:
        """What the spy is answered; it never has the canary in it, and is never a fault of ours."""
        answer = self.collector.ask(path, key=self.spies[role], **more)
        may_repeat = answer.status >= 400 and CANARY in f"{path}{more.get('body')}"
        assert may_repeat or CANARY.encode() not in answer.body, (path, role, answer.body[:500])
        assert answer.status < 500, (path, role, answer.body[:500])
        return answer


def canary_spans() -> list[Wire]:
    now = time.time_ns()
    said = [{"role": "user", "parts": [{"type": "text", "content": f"{CANARY} refund {WORD}"}]}]
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": f"{CANARY}-provider",
        "gen_ai.request.model": f"{CANARY}-model",
        "gen_ai.input.messages": json.dumps(said),
        "gen_ai.output.messages": json.dumps(said),
        "gen_ai.conversation.id": SESSION,
        "user.id": USER,
        "gen_ai.usage.input_tokens": 777,
        "gen_ai.tool.call.arguments": json.dumps({"query": WORD}),
        "gen_ai.system_instructions": json.dumps([{"type": "text", "content": WORD}]),
        "acme": CANARY,
    }
    spans = []
    for number in range(CANARY_SPANS):
        fields: dict[str, Any] = {"trace_id": TRACE_ID, "name": f"{CANARY} chat"}
        fields["span_id"] = SPAN_ID if number == 0 else bytes([number] * 8)
        if number == 1:
            fields["status"] = Status(code=Status.STATUS_CODE_ERROR, message=f"{CANARY} failed")
        start = now - (number + 1) * 1_000_000_000
        spans.append(
            make_span(attributes, start_time_unix_nano=start, end_time_unix_nano=start + 10**8, **fields)
        )
    return spans


@pytest.fixture(scope="module")
def teams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teams]:
    data_dir = tmp_path_factory.mktemp("teams") / "data"
    with CollectorProcess(data_dir, segment_age_s=0.05, settle_interval_s=0.5) as collector:
        collector.until(lambda: collector.ask("/readyz").status == 200, PATIENCE_S)
        first = collector.ask("/api/v1/keys", method="POST", body={"name": "boss", "role": "admin"}).json()
        made = Teams(collector)
        made.owner = make_key(collector, "checkout", "admin")
        made.spies = {role: make_key(collector, "search", role) for role in ROLES}
        fill(made)
        made.endpoints = list(find_endpoints(collector.get("/api/v1/openapi.json", first["key"])))
        yield made


def make_key(collector: CollectorProcess, project: str, role: str) -> str:
    """Straight in the state store, as the command line does it."""
    from watchkeeper_collector.state.keys import scopes_of  # noqa: PLC0415
    from watchkeeper_collector.state.state import State  # noqa: PLC0415

    state = State(f"sqlite:///{collector.settings['data_dir']}/state.db")
    name = f"{CANARY} key" if project == "checkout" else role
    try:
        key = state.keys.create(project, name, scopes_of(role))[1]
    finally:
        state.close()
    collector.until(lambda: collector.ask("/api/v1/me", key=key).status == 200)
    return key


def fill(teams: Teams) -> None:
    """What the team with the canary sends and makes, and three spans of the spy's own."""
    collector, owner = teams.collector, teams.owner
    body = trace_request(*canary_spans(), resource={"service.name": f"{CANARY}-service"}).SerializeToString()
    send(collector, owner, "/v1/traces", body)
    log = log_request(f"{CANARY} log", {"acme": CANARY}, time_unix_nano=time.time_ns(), trace_id=TRACE_ID)
    send(collector, owner, "/v1/logs", log.SerializeToString())
    now = time.time_ns()
    own = [
        make_span({}, span_id=bytes([9] * 7 + [n]), start_time_unix_nano=now - 10**9, end_time_unix_nano=now)
        for n in range(3)
    ]
    send(collector, teams.spies["sender"], "/v1/traces", trace_request(*own).SerializeToString())
    trace = TRACE_ID.hex()
    score = {"name": f"{CANARY} score", "value": 1, "trace_id": trace, "comment": f"{CANARY} {WORD}"}
    assert create(teams, "/scores", score)["id"]
    price = {"provider": f"{CANARY}-provider", "model": f"{CANARY}-model"}
    price |= {"steps": [{"usd_per_million": {"input_tokens": 5.0}}]}
    assert collector.ask("/api/v1/prices", method="PUT", key=owner, body=price).status == 200
    view = create(teams, "/views", {"page": "traces", "name": CANARY, "query": f"filter={CANARY}"})
    budget = create(teams, "/budgets", {"name": CANARY, "limit_usd": 5, "period": "day"})
    comment = create(teams, "/comments", {"trace_id": trace, "text": CANARY, "author": CANARY})
    keys = collector.get("/api/v1/keys", owner)["items"]
    collector.until(lambda: count(collector, owner, "spans") == CANARY_SPANS, PATIENCE_S)
    collector.until(lambda: count(collector, teams.spies["viewer"], "spans") == 3, PATIENCE_S)
    (group,) = collector.get("/api/v1/errors", owner)["items"]
    teams.ids |= {
        "trace_id": trace, "span_id": SPAN_ID.hex(), "session_id": SESSION,
        "user_id": USER, "fingerprint": group["fingerprint"], "view_id": view["id"],
        "budget_id": budget["id"], "comment_id": comment["id"], "key_id": keys[0]["id"],
    }  # fmt: skip


def send(collector: CollectorProcess, key: str, path: str, body: bytes) -> None:
    answer = collector.ask(path, method="POST", key=key, body=body, headers=PROTOBUF)
    assert answer.status == 200, answer.body


def create(teams: Teams, path: str, body: Mapping[str, Any]) -> Any:
    answer = teams.collector.ask(f"/api/v1{path}", method="POST", key=teams.owner, body=dict(body))
    assert answer.status in {200, 201, 202}, answer.body
    return answer.json()


def count(collector: CollectorProcess, key: str, measure: str) -> int:
    return int(collector.get(f"/api/v1/query?measures={measure}&start=-1h", key)["rows"][0][measure])


def find_endpoints(openapi: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            if method in METHODS and operation.get("security"):
                yield method.upper(), path, operation


def url_of(path: str, operation: Mapping[str, Any], ids: Mapping[str, str]) -> str:
    """The path with ids in it, and required parameters by their examples."""
    filled = re.sub(r"\{(\w+)\}", lambda found: quote(ids.get(found[1], "absent-0"), safe=""), path)
    needed = [
        f"{parameter['name']}={quote(str(example_of(parameter)))}"
        for parameter in operation.get("parameters", ())
        if parameter.get("required") and parameter["in"] == "query"
    ]
    return f"{filled}?{'&'.join(needed)}" if needed else filled


def example_of(parameter: Mapping[str, Any]) -> Any:
    usual = {"measures": "spans,cost_usd", "fields": "model,user", "name": "quality"}
    examples = parameter.get("schema", {}).get("examples") or [usual.get(parameter["name"], "x")]
    return usual.get(parameter["name"], examples[0])


BODIES: Mapping[str, Any] = {
    "/api/v1/budgets/{budget_id}": {"name": "mine", "limit_usd": 1, "period": "day"},
    "/api/v1/views/{view_id}": {"page": "traces", "name": "mine", "query": "start=-1h"},
}


def test_no_endpoint_tells_any_role_of_another_project_s_things(teams: Teams) -> None:
    """Every endpoint, with ids of the other team's: 403, 404, or an answer without its data.

    Where there is no id, what a role may ask is a part of what the viewer and the admin may.
    """
    for method, path, operation in teams.endpoints:
        url = url_of(path, operation, teams.ids)
        for role in ROLES if "{" in path else ("viewer", "admin"):
            teams.spy(
                url, role, method=method, body=BODIES.get(path, {}) if method in {"POST", "PUT"} else None
            )


def test_an_id_of_others_is_answered_in_the_same_words_as_one_that_there_is_not(teams: Teams) -> None:
    absent = {name: ABSENT.get(name, f"absent-{len(value)}") for name, value in teams.ids.items()}
    compared, different = 0, []
    for method, path, operation in teams.endpoints:
        if not any(f"{{{name}}}" in path for name in teams.ids):
            continue
        answers = []
        for ids in (teams.ids, absent):
            body = BODIES.get(path, {}) if method in {"POST", "PUT"} else None
            answer = teams.spy(url_of(path, operation, ids), method=method, body=body)
            text = answer.body.decode()
            for value in ids.values():
                text = text.replace(value, "<id>")
            answers.append((answer.status, VARYING.sub("<…>", text)))
        compared += 1
        if answers[0] != answers[1]:
            different.append((method, path, answers))
    assert different == []
    assert compared > 12


def test_what_the_spy_tried_changed_nothing(teams: Teams) -> None:
    collector, owner = teams.collector, teams.owner
    for path in (f"/views/{teams.ids['view_id']}", f"/budgets/{teams.ids['budget_id']}"):
        assert collector.get(f"/api/v1{path}", owner)["name"] == CANARY
    assert collector.get("/api/v1/comments", owner)["items"][0]["text"] == CANARY
    assert count(collector, owner, "spans") == CANARY_SPANS


def test_status_has_figures_of_the_own_project_alone(teams: Teams) -> None:
    status = teams.spy("/api/v1/status", "viewer").json()
    rows = {table["name"]: table["rows"] for table in status["store"]["tables"]}
    assert (status["is_whole"], rows["spans"]) == (False, 3)
    assert status["spool"]["appended_items"] == 0
    assert not any(status["ingest"].values())


def test_a_key_acts_in_no_project_but_its_own(teams: Teams) -> None:
    for name in ("checkout", "none-ever"):
        headers = {"x-watchkeeper-project": name}
        answer = teams.spy("/api/v1/query?measures=spans", headers=headers)
        assert (answer.status, answer.json()["error"]["message"].replace(name, "…")) == (
            404,
            "There is no project '…' that you may see.",
        )


def test_words_of_prompts_and_answers_are_in_no_answer_to_who_may_not_read_them(teams: Teams) -> None:
    """A responder may ask whatever a viewer may."""
    key = make_key(teams.collector, "checkout", "responder")
    for method, path, operation in teams.endpoints:
        if method == "GET":
            answer = teams.collector.ask(url_of(path, operation, teams.ids), key=key)
            assert WORD not in answer.body.decode("utf-8", "replace"), path
            assert json.dumps(WORD)[1:-1] not in answer.body.decode("utf-8", "replace"), path


def test_words_can_not_be_guessed_by_searching_either(teams: Teams) -> None:
    """Who may not read is refused a word that is there as one that is not; who may finds it."""
    viewer = make_key(teams.collector, "checkout", "viewer")
    for word, count_of_word in ((WORD, CANARY_SPANS), ("Nirgendwort", 0)):
        asked = f"/api/v1/query?measures=spans&start=-1h&filter={quote(word)}"
        assert teams.collector.ask(asked, key=viewer).status == 403
        assert teams.collector.get(asked, teams.owner)["rows"][0]["spans"] == count_of_word


# --- whatever is asked


FIELDS = (
    "model",
    "user",
    "session",
    "service",
    "provider",
    "span_name",
    "attr.acme",
    "status",
    "kind",
    "error_type",
)
VALUES = (
    CANARY,
    f"{CANARY}*",
    "*",
    f'"{CANARY} refund"',
    "error",
    "llm",
    f"*{CANARY.lower()}*",
    "'",
    '"\\""',
)
CONDITION = st.one_of(
    st.builds(lambda name, value: f"{name}:{value}", st.sampled_from(FIELDS), st.sampled_from(VALUES)),
    st.sampled_from((CANARY, f'"{CANARY} refund"', "refund", "cost:>=0", "latency:>0ms", "has:session")),
)
FILTER = st.recursive(
    CONDITION,
    lambda inner: st.one_of(
        st.builds(lambda a, b: f"({a} OR {b})", inner, inner),
        st.builds(lambda a, b: f"{a} {b}", inner, inner),
        st.builds(lambda a: f"-{a}", CONDITION),
    ),
    max_leaves=4,
)
MEASURES = (
    "spans",
    "calls",
    "traces",
    "cost_usd",
    "errors",
    "users",
    "sessions",
    "input_tokens",
    "latency_p95_ms",
)
DIMENSIONS = ("project", "model", "user", "session", "service", "span_name", "attr.acme", "key", "error_type")
LISTS = (
    "/traces?start=-1h", "/spans?with_words=true", "/sessions?start=-1h", "/users?start=-1h",
    "/errors?start=-1h", "/scores?start=-1h", "/review?name=quality", "/facets?fields=model,user,session",
    "/histogram?start=-1h", "/export?what=spans&with_content=true", "/export?what=traces&format=jsonl",
    "/export?what=scores&with_content=true", "/export?what=sessions&with_content=true&format=jsonl",
)  # fmt: skip


@FEW
@given(
    filter_=FILTER,
    measures=st.lists(st.sampled_from(MEASURES), min_size=1, max_size=3, unique=True),
    by=st.lists(st.sampled_from(DIMENSIONS), max_size=2, unique=True),
)
def test_no_question_counts_or_names_what_is_another_project_s(
    teams: Teams, filter_: str, measures: list[str], by: list[str]
) -> None:
    asked = f"measures={','.join(measures)}&start=-1h&filter={quote(filter_)}"
    asked += "".join(f"&by={name}" for name in by)
    answer = teams.spy(f"/api/v1/query?{asked}")
    for row in answer.json().get("rows", ()):
        assert (row.get("spans") or 0) <= 3
        assert not row.get("input_tokens")


@FEW
@given(path=st.sampled_from(LISTS), filter_=FILTER)
def test_no_list_and_no_export_has_rows_of_another_project(teams: Teams, path: str, filter_: str) -> None:
    teams.spy(f"/api/v1{path}&filter={quote(filter_)}", "admin")


TABLES = (
    "spans", "span_content", "trace_index", "otel_logs", "scores", "current_scores", "rollup_1h",
    "model_prices", "otel_traces", "watchkeeper.spans", "default.spans",
    "system.parts", "system.columns", "system.tables",
)  # fmt: skip
SHAPES = (
    "SELECT * FROM {table} WHERE {condition}",
    "SELECT count(), groupArray(toString(tuple(*))) FROM {table} WHERE {condition}",
    "WITH {table} AS (SELECT * FROM {other}) SELECT * FROM {table}",
    "SELECT * FROM {table} UNION ALL SELECT * FROM {table} WHERE {condition}",
    "SELECT a.* FROM {table} AS a LEFT JOIN {other} AS b ON 1 WHERE {condition}",
    "SELECT (SELECT groupArray(toString(tuple(*))) FROM {table} WHERE {condition})",
    "SELECT * FROM (SELECT * FROM {table}) WHERE {condition} OR Project = 'checkout'",
    "SELECT * FROM merge('watchkeeper', '{table}')",
    "SELECT * FROM {table} WHERE Project IN (SELECT Project FROM {other} WHERE {condition})",
    "SELECT * FROM {table} PREWHERE {condition} SETTINGS additional_table_filters = {{}}",
    "SELECT dictGet('watchkeeper.{table}', 'Project', 1)",
    "SELECT * FROM {table} FINAL SAMPLE 1 WHERE {condition}",
    "SELECT * FROM `{table}` -- {condition}",
)
CONDITIONS = (
    "1", "Project != ''", "Project = 'checkout'", "Project LIKE '%' OR 1 = 1", "NOT (Project = 'search')",
    "1) OR (1 = 1", "Project = 'search' OR Project = 'checkout'", "toString(tuple(*)) LIKE '%a%'",
)  # fmt: skip


@FEW
@given(
    shape=st.sampled_from(SHAPES),
    table=st.sampled_from(TABLES),
    other=st.sampled_from(TABLES),
    condition=st.sampled_from(CONDITIONS),
)
def test_no_sql_reads_rows_of_another_project(
    teams: Teams, shape: str, table: str, other: str, condition: str
) -> None:
    sql = shape.format(table=table, other=other, condition=condition)
    teams.spy("/api/v1/sql", method="POST", body={"query": sql})
