"""Alert rules over spans in the engine: every kind, queries shared or slid, the API, and tests of rules."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from watchkeeper_collector.alerts.evaluation import asking
from watchkeeper_collector.alerts.evaluation.evaluating import Providers, evaluate, evaluate_history
from watchkeeper_collector.alerts.evaluation.memory import Memory
from watchkeeper_collector.alerts.evaluation.sample import Evaluation, Sample
from watchkeeper_collector.alerts.rules.book import RuleBook
from watchkeeper_collector.alerts.rules.files import read_rule_texts
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.alerts.testing.case import KeptBudget
from watchkeeper_collector.alerts.testing.running import Workshop
from watchkeeper_collector.api import alert_rules
from watchkeeper_collector.api.frame import build_api
from watchkeeper_collector.app.alert_rules import AlertRules
from watchkeeper_collector.query.connection import Answer
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.sql.running import SESSION_SETTINGS
from watchkeeper_collector.state.keys import Principal
from watchkeeper_collector.state.state import State
from watchkeeper_collector.store.client import Store

from tests.query import NOON, NOON_NS, Shelf, Span, open_shelf
from tests.storage import forgo_fsync, kept, make_tables

DATA = Path(__file__).parents[1] / "data" / "rules"
DATABASE = "alert_rules"
MINUTE, HOUR, DAY = 60, 3_600, 86_400
FILE_RULES = (
    "groups: [{name: files, rules: [{alert: OfAFile, measure: error_rate, condition: '> 50%'},"
    " {alert: Others, measure: calls, condition: '> 1'}]}, {name: theirs, project: other,"
    " rules: [{alert: NotYours, measure: calls, condition: '> 1'}]}]"
)


def call(number: int, before_s: float, **facts: Any) -> Span:
    """A call of a millisecond that began so long before noon."""
    extra = {"Provider": facts.pop("provider", "openai"), **facts.pop("extra", {})}
    given = {"trace": f"t{number}", "model": "gpt-4o", **facts}
    return Span(id=f"s{number}", after_s=-before_s, extra=extra, **given)


def rows() -> Iterator[Span]:
    """The last ten minutes: 40 calls of two users; an outage of two models in the last minute; a week ago."""
    for place in range(40):
        yield call(
            place,
            2 + 15 * place,
            model=("gpt-4o", "o1")[place % 2],
            user=("ada", "bob", "bob", "bob")[place % 4],
            cost_usd=1.0,
            is_error=place < 4,
            duration_ms=1_000 if place < 4 else 1,
            extra={"ErrorStatus": 503} if place < 4 else {},
        )
    yield call(100, 30, model="claude", provider="anthropic", is_error=True, extra={"ErrorStatus": 400})
    yield call(101, 2 * MINUTE, model="late", is_error=True, duration_ms=100_000, extra={"ErrorStatus": 504})
    for place in range(5):
        yield call(110 + place, 20, trace="loop", model="looping", project="other")
        tool = {"ToolName": "search", "ToolArgsHash": 7}
        yield Span(id=f"tool{place}", trace="loop", kind="tool", after_s=-20, project="other", extra=tool)
    for place in range(60):
        yield call(200 + place, 7 * DAY + 1 + place, user="ada", cost_usd=0.1)
    for day in range(1, 4):
        yield call(300 + day, day * DAY + 60, user="bob", cost_usd=2.0)


def put(shelf: Shelf, spans: Iterator[Span]) -> None:
    """Those with the same columns at once."""
    alike: dict[tuple[str, ...], list[list[Any]]] = {}
    for columns in (span.columns() for span in spans):
        alike.setdefault(tuple(columns), []).append(list(columns.values()))
    for names, values in alike.items():
        shelf.store.insert("spans", names, values, database=DATABASE)


@pytest.fixture(scope="module")
def shelf(engine_dsn: str) -> Iterator[Shelf]:
    with open_shelf(engine_dsn, DATABASE) as opened:
        make_tables(opened.store, kept(DATABASE), ["prices", "logs", "scores"])
        put(opened, rows())
        yield opened


def rule_of(fields: str, name: str = "A", project: str = "shop") -> Rule:
    text = (
        f"groups: [{{name: g, project: '{project}', query_offset: 0s, rules: [{{alert: {name}, {fields}}}]}}]"
    )
    found = read_rule_texts({"rules.yml": text})
    assert [fault.render() for fault in found.faults] == []
    return found.rules[0]


def found_by(shelf: Shelf, rule: Rule, at: datetime = NOON, **providers: Any) -> Evaluation:
    (found,) = evaluate([rule], at, lambda _: shelf.source, ["shop", "other"], Providers(**providers))
    return found


def samples_of(shelf: Shelf, fields: str, **options: Any) -> dict[tuple[str, ...], Sample]:
    """By the values of their labels, without the project."""
    found = found_by(shelf, rule_of(fields), **options)
    assert found.problem == ""
    return {
        tuple(text for name, text in sample.labels.items() if name != "project"): sample
        for sample in found.samples
    }


def test_an_outage_is_of_several_models_of_one_provider(shelf: Shelf) -> None:
    fields = (
        "measure: server_errors, by: [provider], window: 1m, condition: '>= 4', and: ['erring_models >= 2']"
    )
    found = samples_of(shelf, fields)
    assert {name: (sample.level, sample.value) for (name,), sample in found.items()} == {
        "openai": ("met", 5.0),
        "anthropic": ("clear", 0.0),
    }
    sample = found[("openai",)]
    assert sample.labels["project"] == "shop"
    assert (sample.figures["threshold"], sample.figures["window_s"]) == (4.0, 60.0)
    assert sample.links["trace"] in {"t0", "t1", "t2", "t3", "t101"}
    assert sample.links["traces"].startswith(
        "/traces?range=2026-11-20T11%3A59%3A00Z..2026-11-20T12%3A00%3A00Z"
    )


def test_a_call_belongs_to_the_window_that_it_ended_in(shelf: Shelf) -> None:
    """It began two minutes before noon, and timed out twenty seconds before."""
    fields = "measure: errors, filter: 'model:late', window: 1m, condition: '>= 1'"
    assert samples_of(shelf, fields)[()].level == "met"
    assert samples_of(shelf, fields, at=NOON - timedelta(seconds=30))[()].level == "no_data"


def test_too_few_calls_are_no_data(shelf: Shelf) -> None:
    fields = "measure: error_rate, by: [model], window: 10m, condition: '> 5%', min_count: 10"
    levels = {name: sample.level for (name,), sample in samples_of(shelf, fields).items()}
    assert levels == {"gpt-4o": "met", "o1": "met", "claude": "no_data", "late": "no_data"}


def test_a_project_without_spans_is_no_data_and_not_clear(shelf: Shelf) -> None:
    assert samples_of(shelf, "measure: errors, filter: 'model:none', condition: '> 5'")[()].level == "no_data"
    assert samples_of(shelf, "measure: calls, filter: 'model:none', condition: '< 1'")[()].level == "met"


def test_a_rule_of_the_operator_is_about_each_project(shelf: Shelf) -> None:
    rule = rule_of("measure: max_calls_per_trace, condition: '>= 5'", project="")
    found = {one.labels["project"]: (one.level, one.value) for one in found_by(shelf, rule).samples}
    assert found == {"shop": ("clear", 1.0), "other": ("met", 5.0)}
    rule = rule_of("measure: max_tool_repeats, condition: '>= 5'", project="other")
    assert [sample.value for sample in found_by(shelf, rule).samples] == [5.0]


def test_a_share_is_of_the_sum_over_fewer_dimensions(shelf: Shelf) -> None:
    fields = (
        "measure: cost_usd, by: [user], window: 1h, share_of: [], condition: '> 50%',"
        " and: ['cost_usd >= $20']"
    )
    found = samples_of(shelf, fields)
    assert {user: (one.level, one.value) for (user,), one in found.items() if user} == {
        "ada": ("clear", 0.25),
        "bob": ("met", 0.75),
    }
    assert (found[("bob",)].figures["amount"], found[("bob",)].figures["total"]) == (30.0, 40.0)


def test_a_change_is_against_the_same_window_before(shelf: Shelf) -> None:
    week = "measure: calls, filter: 'user:ada', window: 5m, change: {against: week}, condition: '< -50%'"
    sample = samples_of(shelf, week)[()]
    assert (sample.level, sample.figures["now"], sample.figures["before"]) == ("met", 5.0, 60.0)
    previous = "measure: calls, window: 5m, change: {against: previous}, condition: '> 2x'"
    assert samples_of(shelf, previous)[()].level == "clear"


def test_what_fell_to_nothing_has_changed(shelf: Shelf) -> None:
    fields = (
        "measure: calls, by: [user], filter: has:user, window: 10m, min_count: 5,"
        " change: {against: previous}, condition: '< -90%'"
    )
    found = samples_of(shelf, fields, at=NOON + timedelta(minutes=10))
    assert {user: (one.level, one.value) for (user,), one in found.items()} == {
        "ada": ("met", -1.0),
        "bob": ("met", -1.0),
    }
    rate = fields.replace("calls", "error_rate")
    found = samples_of(shelf, rate, at=NOON + timedelta(minutes=10))
    assert {one.level for one in found.values()} == {"no_data"}


def test_a_mean_of_windows_counts_from_when_a_series_was_first_seen(shelf: Shelf) -> None:
    fields = (
        "measure: cost_usd, by: [user], window: 1d, change: {against: mean}, condition: '> 3x',"
        " and: ['cost_usd >= $10']"
    )
    found = samples_of(shelf, fields)
    bob, ada = found[("bob",)], found[("ada",)]
    assert (bob.level, bob.figures["before"], bob.value) == ("met", pytest.approx(2.0), pytest.approx(15.0))
    assert ada.figures["before"] == pytest.approx(6.0 / 7)


def test_a_burn_rate_is_of_an_objective_or_of_budgets(shelf: Shelf) -> None:
    fields = "burn_rate: {objective: 0.99, windows: [{long: 10m, short: 1m, factor: 10}]}, min_count: 10"
    sample = samples_of(shelf, fields)[()]
    assert (sample.level, sample.value) == ("met", pytest.approx(100 * 6 / 42))
    budget = KeptBudget("b1", "all", "", "day", "UTC", 480.0)
    fields = "burn_rate: {budget: all, windows: [{long: 1h, factor: 1.5}]}"
    sample = samples_of(shelf, fields, list_budgets=lambda project: [budget])[("all",)]
    assert (sample.level, sample.value) == ("met", pytest.approx(2.0))


def test_a_budget_is_used_up_and_forecast(shelf: Shelf) -> None:
    budgets = [
        KeptBudget("b1", "all", "", "day", "UTC", 43.0),
        KeptBudget("b2", "big", "", "day", "UTC", 1e6),
    ]
    found = samples_of(shelf, "budget: {}, condition: '>= 90%'", list_budgets=lambda project: budgets)
    assert {name: one.level for (name,), one in found.items()} == {"all": "met", "big": "clear"}
    assert found[("all",)].figures["spent_usd"] == 40.0
    fields = "budget: {name: b1, figure: forecast}, condition: '>= 100%'"
    assert samples_of(shelf, fields, list_budgets=lambda project: budgets)[("all",)].level == "met"
    missing = found_by(
        shelf, rule_of("budget: {name: none}, condition: '> 1'"), list_budgets=lambda _: budgets
    )
    assert "There is no budget 'none'" in missing.problem


def test_absence_is_where_something_was_a_week_before(shelf: Shelf) -> None:
    fields = "measure: calls, by: [user], window: 15m, absence: {season: week, expected: 30, fewest: 20}"
    found = samples_of(shelf, fields)
    assert {user: one.level for (user,), one in found.items()} == {
        "ada": "met"
    }  # 10 calls, where there were 60
    fields = "measure: calls, by: [user], window: 1h, absence: {seen: 3d}"
    later = samples_of(shelf, fields, at=NOON + timedelta(hours=2))
    assert {user: one.level for (user,), one in later.items() if user} == {"ada": "met", "bob": "met"}


def test_an_anomaly_is_held_against_its_season(shelf: Shelf) -> None:
    sample = samples_of(shelf, "measure: calls, window: 1h, anomaly: {trigger: 1h, recovery: 1h}")[()]
    assert sample.level in ("met", "clear")
    assert "expected" in sample.figures
    fresh = samples_of(
        shelf, "measure: calls, filter: 'model:o1', window: 1h, anomaly: {trigger: 1h, recovery: 1h}"
    )
    assert (fresh[()].level, fresh[()].figures["reason"]) == ("no_data", "fewer than 3 seasons")


def test_sql_sees_its_project_alone_at_the_time_of_the_evaluation(shelf: Shelf, engine_dsn: str) -> None:
    statements = Source(Store(engine_dsn, settings=SESSION_SETTINGS), DATABASE)
    query = (
        "SELECT ResponseModel AS model, count() AS value, 2.5 AS extra FROM spans"
        " WHERE Timestamp < {now} AND Timestamp >= {now} - INTERVAL 10 MINUTE GROUP BY model"
    )
    rule = rule_of(f"sql: '{query}', condition: '> 15'", project="")
    found = found_by(shelf, rule, statements_of=lambda _: statements)
    assert found.problem == ""
    values = {(one.labels["project"], one.labels["model"]): (one.level, one.value) for one in found.samples}
    assert values["shop", "o1"] == ("met", 20.0)
    assert ("other", "looping") in values
    assert ("other", "o1") not in values
    for text, problem in (
        ("SELECT 1 AS n", "no column 'value'"),
        ("SELECT 'x' AS value", "Expected a number"),
        ("DROP TABLE spans", "This is no query"),
    ):
        wrong = found_by(shelf, rule_of(f'sql: "{text}"'), statements_of=lambda _: statements)
        assert problem in wrong.problem
    statements.connection.close()  # type: ignore[attr-defined]


def test_scores_are_measures_too(shelf: Shelf) -> None:
    rule = rule_of("measure: score.quality, by: [model], condition: '< 0.5'")
    found = found_by(shelf, rule)
    assert (found.problem, found.samples) == ("", [])


KINDS = [
    "measure: error_rate, by: [model], window: 10m, condition: '> 5%'",
    "measure: error_rate, by: [model], window: 10m, filter: 'user:bob', condition: '> 5%'",
    "measure: error_rate, by: [model], window: 10m, filter: 'cost:>0.5 OR status:error', condition: '> 5%'",
    "measure: latency_p95_ms, window: 5m, condition: '> 2s'",
    "measure: latency_p95_ms, window: 5m, filter: 'provider:openai', condition: '> 2s'",
    "measure: calls, by: [user, model], window: 5m, change: {against: week}, condition: '> 2x'",
    "measure: cost_usd, by: [user], window: 1h, share_of: [], condition: '> 25%'",
    "measure: calls, window: 15m, absence: {season: week, expected: 30}",
    "burn_rate: {objective: 0.99, windows: [{long: 10m, factor: 2}]}",
]


class Counting:
    """A connection that counts the queries that pass it, and those about steps of the past among them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.queries = self.about_steps = 0

    def query(self, sql: str, *given: Any, **named: Any) -> Answer:
        self.queries += 1
        self.about_steps += "intDiv(" in sql
        return self.store.query(sql, *given, **named)

    def raw_query(self, *given: Any, **named: Any) -> bytes:
        return self.store.raw_query(*given, **named)


def test_rules_that_share_a_query_find_what_each_finds_alone(shelf: Shelf) -> None:
    rules = [
        rule_of(fields, f"R{n}", project)
        for n, fields in enumerate(KINDS)
        for project in ("", "shop", "other")
    ]
    counting = Counting(shelf.store)
    source = Source(counting, DATABASE)
    together = evaluate(rules, NOON, lambda _: source, ["shop", "other"])
    shared = counting.queries
    for rule, found in zip(rules, together, strict=True):
        alone = found_by(shelf, rule)
        assert found.problem == ""
        assert [replace_trace(one) for one in found.samples] == [replace_trace(one) for one in alone.samples]
    assert shared <= 16  # of 27 rules with some 40 questions


def replace_trace(sample: Sample) -> tuple[Any, ...]:
    """Any trace will do as an example."""
    links = {name: link for name, link in sample.links.items() if name != "trace"}
    return sample.labels, sample.level, sample.value, sample.figures, links


@pytest.mark.parametrize(
    "fields", [*KINDS, "measure: cost_usd, window: 1m, change: {against: mean}, condition: '> 2x'"]
)
def test_many_moments_at_once_are_what_each_is_alone(shelf: Shelf, fields: str) -> None:
    rule = rule_of(fields, project="")
    moments = [NOON + timedelta(seconds=47 * place) for place in range(-6, 3)]
    found = evaluate_history(rule, moments, lambda _: shelf.source, ["shop", "other"])
    for at, one in zip(moments, found, strict=True):
        alone = found_by(shelf, rule, at)
        assert [replace_trace(sample) for sample in one.samples] == [
            replace_trace(sample) for sample in alone.samples
        ]


def test_one_rule_that_costs_too_much_spoils_no_other(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_SERIES", 3)
    rules = [
        rule_of("measure: calls, by: [user], window: 1h, condition: '> 1'", "Few"),
        rule_of("measure: calls, by: [model, user], window: 1h, condition: '> 1'", "Many"),
    ]
    few, many = evaluate(rules, NOON, lambda _: shelf.source, ["shop"])
    assert (few.problem, len(few.samples)) == ("", 3)
    assert "more than 3 series" in many.problem


def test_a_store_that_is_away_is_a_problem_of_every_rule_and_no_error(tmp_path: Path) -> None:
    nowhere = Source(Store("clickhouse://u:p@127.0.0.1:9/d"), "d")
    (found,) = evaluate([rule_of("measure: calls, condition: '> 1'")], NOON, lambda _: nowhere, ["shop"])
    assert found.samples == ()
    assert found.problem


@pytest.fixture(scope="module")
def client(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "rules.yml").write_text(FILE_RULES)
    state = State(f"sqlite:///{folder}/state.db")
    state.migrate()
    rules = AlertRules(
        RuleBook([str(folder / "rules.yml")], state.rules.all),
        state.rules,
        lambda _: shelf.source,
        Providers(),
    )

    def authenticate(headers: Mapping[str, str]) -> Principal:
        scopes = {"reader": {"read"}, "admin": {"admin"}}.get(
            headers.get("x-api-key", ""), {"read", "alerts"}
        )
        return Principal(headers.get("x-project", "shop"), "key-1", frozenset(scopes))

    router = alert_rules.build_router(rules, now_ns=lambda: NOON_NS)
    app = build_api(APIRouter(), (router,), version="1", authenticate=authenticate)
    with TestClient(app, base_url="http://localhost") as opened:
        yield opened
    state.close()


PATH = "/api/v1/alerts/rules"
RULE = {
    "alert": "Fails",
    "measure": "error_rate",
    "condition": "> 5%",
    "window": "1m",
    "interval": "15s",
    "query_offset": "0s",
}


def test_a_rule_is_made_changed_paused_and_removed(client: TestClient) -> None:
    made = client.post(PATH, json={**RULE, "alert": "Made"})
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["kind"], body["source"], body["interval"]) == ("threshold", "api", "15s")
    assert body["document"] == {**RULE, "alert": "Made"}
    own = f"{PATH}/{body['id']}"
    assert client.post(PATH, json={**RULE, "alert": "Made"}).status_code == 409
    changed = client.put(own, json={**RULE, "alert": "Made", "condition": "> 9%"}).json()
    assert (changed["id"], changed["condition"]["bound"]["value"]) == (body["id"], 0.09)
    assert client.post(f"{own}/pause").json()["is_paused"] is True
    assert client.get(own).json()["is_paused"] is True
    assert client.post(f"{own}/resume").json()["is_paused"] is False
    assert client.get(own, headers={"x-project": "other"}).status_code == 404
    assert client.delete(own, headers={"x-project": "other"}).status_code == 404
    assert client.delete(own).status_code == 204
    assert client.get(own).status_code == 404


def test_rules_of_files_are_shown_and_not_changed(client: TestClient) -> None:
    names = [rule["alert"] for rule in client.get(PATH).json()["items"]]
    assert names[:2] == ["OfAFile", "Others"]
    assert "NotYours" not in names
    own = f"{PATH}/file/files/OfAFile"
    assert client.get(own).json()["document"] is None
    for answer in (client.put(own, json=RULE), client.delete(own), client.post(f"{own}/pause")):
        assert answer.status_code == 409
        assert "is of a rule file" in answer.json()["error"]["message"]


def test_everything_wrong_with_a_rule_is_told_at_once(client: TestClient) -> None:
    answer = client.post(
        PATH, json={"alert": "A", "measure": "x", "condition": "5", "filter": "a:b", "for": "x"}
    )
    assert answer.status_code == 400
    faults = {fault["field"] for fault in answer.json()["error"]["details"]["faults"]}
    assert faults == {"measure", "condition", "filter", "for"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"alert": 5},
        {**RULE, "alert": "a\nb"},
        {**RULE, "labels": {"project": "other"}},
        {**RULE, "annotations": {"a": "{{ self }}"}},
        {**RULE, "by": ["model"] * 50},
        {**RULE, "condition": {"$gt": 1}},
        {**RULE, "anomaly": {"deviations": float("inf")}},
        {**RULE, "min_count": -1},
    ],
)
def test_what_is_no_rule_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    answer = client.post(PATH, content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422), answer.text


def test_half_a_surrogate_pair_is_refused(client: TestClient) -> None:
    body = json.dumps({**RULE, "alert": "\ud800"})
    answer = client.post(PATH, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


def test_rights_are_as_declared(client: TestClient) -> None:
    reader = {"x-api-key": "reader"}
    assert client.get(PATH, headers=reader).status_code == 200
    assert client.post(PATH, json=RULE, headers=reader).status_code == 403
    assert client.post(f"{PATH}/preview", json={"rule": RULE}, headers=reader).status_code == 403
    sql = {"alert": "Sql", "sql": "SELECT 1 AS value"}
    assert client.post(PATH, json=sql).status_code == 403
    made = client.post(PATH, json=sql, headers={"x-api-key": "admin"})
    assert made.status_code == 201
    assert client.delete(f"{PATH}/{made.json()['id']}").status_code == 204


def test_a_preview_says_when_a_rule_would_have_fired(client: TestClient) -> None:
    rule = {**RULE, "filter": "model:gpt-4o", "annotations": {"summary": "{{ value | percent }}"}}
    answer = client.post(f"{PATH}/preview", json={"rule": rule, "start": "-1h"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["fired"], found["failed_evaluations"], found["interval_s"]) == (1, 0, 15.0)
    (episode,) = found["episodes"]
    assert episode["labels"] == {"alertname": "Fails", "project": "shop"}
    assert episode["started_at"] == "2026-11-20T11:59:30Z"
    assert episode["ended_at"] is None
    month = client.post(f"{PATH}/preview", json={"rule_id": "file/files/OfAFile", "start": "-7d"}).json()
    assert month["interval_s"] > 60
    assert month["evaluations"] <= 2_001


@pytest.mark.parametrize(
    "body", [{}, {"rule": RULE, "rule_id": "x"}, {"rule": RULE, "start": "-90d"}, {"rule": RULE, "start": ""}]
)
def test_a_preview_needs_a_rule_and_a_time(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post(f"{PATH}/preview", json=body).status_code == 400


@pytest.fixture(scope="module")
def workshop(engine_dsn: str) -> Iterator[Workshop]:
    database = "rule_tests"
    store = Store(engine_dsn)
    make_tables(store, kept(database), ["spans", "prices", "traces", "logs", "scores"])
    forgo_fsync(store, database, ("spans", "span_content", "otel_logs", "scores"))
    statements = Store(engine_dsn, settings=SESSION_SETTINGS)
    yield Workshop(lambda: (store, statements, database))
    store.command(f"DROP DATABASE {database}")
    store.close()
    statements.close()


def test_tests_of_rules_pass_over_spans_and_over_series(workshop: Workshop) -> None:
    outcomes = list(workshop.run_file(DATA / "errors.test.yml"))
    assert [outcome.failures for outcome in outcomes] == [[], [], []]


def test_a_test_that_expects_otherwise_fails_in_words(workshop: Workshop, tmp_path: Path) -> None:
    text = (DATA / "errors.test.yml").read_text("utf-8")
    (tmp_path / "errors.yml").write_text((DATA / "errors.yml").read_text("utf-8"))
    wrong = tmp_path / "wrong.test.yml"
    wrong.write_text(
        text.replace("provider: openai", "provider: elsewhere").replace("count: 1}", "count: 2}")
    )
    failures = [failure for outcome in workshop.run_file(wrong) for failure in outcome.failures]
    assert any("expected, but not firing" in failure and "elsewhere" in failure for failure in failures)
    assert any("firing, but not expected" in failure and "openai" in failure for failure in failures)
    assert any("expected 2 notifications 'resolved', and there were 1" in failure for failure in failures)


def test_history_is_asked_for_once_until_its_next_step(shelf: Shelf) -> None:
    rules = [
        rule_of("measure: calls, window: 1h, anomaly: {trigger: 1h, recovery: 1h}"),
        rule_of("measure: cost_usd, by: [user], window: 1d, change: {against: mean}, condition: '> 3x'", "B"),
    ]
    counting = Counting(shelf.store)
    source = Source(counting, DATABASE)
    providers = Providers(memory=Memory())
    counts = []
    for at in (NOON, NOON + timedelta(seconds=60), NOON + timedelta(hours=1)):
        before = counting.about_steps
        found = evaluate(rules, at, lambda _: source, ["shop"], providers)
        assert [one.problem for one in found] == ["", ""]
        counts.append(counting.about_steps - before)
    assert counts == [2, 0, 2]


def test_the_rules_that_ship_fire_on_what_they_are_for(workshop: Workshop) -> None:
    outcomes = list(workshop.run_file(DATA / "pack.test.yml"))
    assert {outcome.name: outcome.failures for outcome in outcomes if outcome.failures} == {}
    assert len(outcomes) > 10
