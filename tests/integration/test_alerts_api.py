"""Alerts by HTTP: what fires, its history on the engine and without it, and how evaluation is."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from watchkeeper_collector.alerts.engine.engine import Engine
from watchkeeper_collector.alerts.engine.history import HistoryWriter
from watchkeeper_collector.alerts.engine.schedule import Group
from watchkeeper_collector.alerts.evaluation.sample import Evaluation, Sample
from watchkeeper_collector.api import alerts
from watchkeeper_collector.api.frame import build_api
from watchkeeper_collector.errors import StoreUnavailableError
from watchkeeper_collector.query.cursor import render_cursor
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.state.keys import Principal
from watchkeeper_collector.state.state import State

from tests.alert_machine import NOON, build_rule
from tests.storage import drop, kept, migrated

DATABASE = "alerts_api"
NOW = NOON + timedelta(hours=1)
SCOPES = {"reader": {"read"}, "admin": {"admin"}, "writer": {"ingest"}}
LINK = "/traces?range=a..b&filter=%28environment%3Aproduction%29+model%3A%22gpt%22"
PARAMETERS = {"start": "2026-06-01T00:00:00Z", "end": "2026-06-02T00:00:00Z"}


class AwayConnection:
    """A store that does not answer."""

    def query(self, *_: Any, **__: Any) -> Any:
        raise StoreUnavailableError("The store is away.")

    raw_query = query


def found(model: str, level: Any = "met", project: str = "shop") -> Sample:
    figures = {"measure": "latency_p95_ms", "window_s": 600.0, "threshold": 5.0}
    return Sample({"project": project, "model": model}, level, 7.0, figures, {"traces": LINK})


def tell(state: State) -> None:
    """An hour: `gpt` fires from noon to 12:05, `old` since 12:02, `other`'s all along; one rule can't run."""
    slow = build_rule(project="", condition=build_rule().condition)
    broken = build_rule(uid="file/latency/Broken", alert="Broken", project="")
    group = Group("file", "", "latency", 60.0, (slow, broken))

    def evaluate(rules: Any, at: Any) -> list[Evaluation]:
        minute = (at - NOON) // timedelta(minutes=1)
        samples = [found("gpt", "met" if minute < 5 else "clear"), found("theirs", project="other")]
        samples += [found("old")] if minute >= 2 else []
        return [Evaluation(slow, at, samples, cost_s=0.25), Evaluation(broken, at, (), "No such table.")]

    engine = Engine(state.alerts, state.lease("alerts", ttl_s=60), evaluate)
    for minute in range(8):
        assert engine.evaluate(group, NOON + timedelta(minutes=minute), missed=minute == 3)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    opened = State(f"sqlite:///{tmp_path_factory.mktemp('state')}/state.db")
    opened.migrate()
    tell(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def source(state: State, engine_dsn: str) -> Iterator[Source]:
    """The history, as it was written."""
    layout = kept(DATABASE)
    with closing(migrated(engine_dsn, layout, only=("alert_events",))) as store:
        writer = HistoryWriter(state.alerts, store, DATABASE)
        written = state.alerts.unwritten_events(100)
        writer.run_round()
        assert writer.status.events_written == len(written)
        yield Source(store, DATABASE)
        drop(store, layout)


def build_client(state: State, source: Source) -> TestClient:
    def authenticate(headers: Mapping[str, str]) -> Principal:
        name = headers.get("x-key", "reader")
        return Principal(headers.get("x-project", "shop"), name, frozenset(SCOPES[name]))

    now_ns = int(NOW.timestamp()) * 10**9
    router = alerts.build_router(
        alerts.Alerting(state.alerts, source, lambda: "rules.yml:1:1: no"), now_ns=lambda: now_ns
    )
    return TestClient(build_api(APIRouter(), [router], version="0", authenticate=authenticate))


@pytest.fixture(scope="module")
def client(state: State, source: Source) -> TestClient:
    return build_client(state, source)


@pytest.fixture(scope="module")
def client_without_store(state: State) -> TestClient:
    return build_client(state, Source(AwayConnection()))


@pytest.fixture(params=["client", "client_without_store"])
def any_client(request: pytest.FixtureRequest) -> TestClient:
    client: TestClient = request.getfixturevalue(str(request.param))
    return client


def get(client: TestClient, path: str = "", key: str = "reader", **parameters: Any) -> Any:
    answer = client.get(f"/api/v1/alerts{path}", params=parameters, headers={"x-key": key})
    assert answer.status_code == 200, answer.text
    return answer.json()


# --- what fires


def test_alert_is_told_with_what_decided_and_what_to_look_at(client: TestClient) -> None:
    (alert,) = get(client)["items"]
    assert (alert["alert"], alert["state"], alert["is_firing"]) == ("Slow", "firing", True)
    assert alert["labels"] == {"alertname": "Slow", "model": "old", "project": "shop", "severity": "page"}
    assert (alert["value"], alert["figures"]["threshold"]) == (7.0, 5.0)
    assert alert["age_s"] == 58 * 60
    assert alert["annotations"] == {"summary": "old is slow: 7"}
    assert alert["chart"] == {
        "measures": "latency_p95_ms",
        "filter": '(environment:production) model:"gpt"',
        "start": "2026-06-01T10:02:00Z",
        "end": "now",
        "step": "auto",
    }
    assert get(client, f"/{alert['fingerprint']}") == alert


def test_resolved_alert_is_there_for_a_while(client: TestClient) -> None:
    (alert,) = get(client, state="inactive")["items"]
    assert (alert["labels"]["model"], alert["is_firing"], alert["age_s"]) == ("gpt", False, 300)
    assert alert["resolved_at"] == "2026-06-01T12:05:00Z"


@pytest.mark.parametrize(
    ("parameters", "models"),
    [
        ({"state": ["firing", "inactive"]}, ["old", "gpt"]),
        ({"is_firing": "true"}, ["old"]),
        ({"state": "pending"}, []),
        ({"rule": "Slow"}, ["old"]),
        ({"rule": "file/latency/Slow"}, ["old"]),
        ({"rule": "Other"}, []),
        ({"label": ["severity=page", "model=old"]}, ["old"]),
        ({"label": "model!=old"}, []),
        ({"label": "team="}, ["old"]),
    ],
)
def test_alerts_are_kept_by_state_rule_and_label(
    client: TestClient, parameters: dict[str, Any], models: list[str]
) -> None:
    assert [alert["labels"]["model"] for alert in get(client, **parameters)["items"]] == models


def test_alerts_come_page_by_page(client: TestClient) -> None:
    first = get(client, state=["firing", "inactive"], limit=1)
    second = get(client, state=["firing", "inactive"], limit=1, cursor=first["next_cursor"])
    assert [page["items"][0]["labels"]["model"] for page in (first, second)] == ["old", "gpt"]
    assert second["next_cursor"] is None


def test_alerts_about_the_operators_rules_are_the_administrators(client: TestClient) -> None:
    names = {alert["alert"] for alert in get(client, key="admin")["items"]}
    assert names == {"Slow", "RuleError"}
    (error,) = get(client, key="admin", rule="RuleError")["items"]
    assert (error["project"], error["family"], error["chart"]) == ("", "error", None)
    assert "No such table." in error["annotations"]["description"]


def test_alert_of_another_project_is_not_there(client: TestClient) -> None:
    theirs = client.get("/api/v1/alerts", headers={"x-project": "other"}).json()["items"]
    answer = client.get(f"/api/v1/alerts/{theirs[0]['fingerprint']}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("label", ["severity", "=page", "!=page"])
def test_label_condition_that_says_nothing_is_refused(client: TestClient, label: str) -> None:
    answer = client.get("/api/v1/alerts", params={"label": label})
    assert answer.status_code == 400
    assert "no condition on a label" in answer.json()["error"]["message"]


def test_alerts_are_for_readers(client: TestClient) -> None:
    for path in ("", "/events", "/episodes", "/status", "/a1"):
        assert client.get(f"/api/v1/alerts{path}", headers={"x-key": "writer"}).status_code == 403


# --- the past


def test_events_are_the_same_with_and_without_the_store(any_client: TestClient) -> None:
    events = get(any_client, "/events", **PARAMETERS)["items"]
    assert [(event["labels"]["model"], event["to_state"]) for event in events] == [
        ("gpt", "inactive"), ("old", "firing"), ("gpt", "firing"),
    ]  # fmt: skip
    ended = events[0]
    assert (ended["is_resolved"], ended["from_state"]) == (True, "firing")
    assert (ended["at"], ended["started_at"]) == ("2026-06-01T12:05:00Z", "2026-06-01T12:00:00Z")
    assert (ended["measure"], ended["filter"]) == ("latency_p95_ms", "environment:production")
    assert ended["figures"] == {"measure": "latency_p95_ms", "window_s": 600.0, "threshold": 5.0}


def test_events_come_page_by_page(any_client: TestClient) -> None:
    seen, cursor = [], ""
    while True:
        page = get(any_client, "/events", **PARAMETERS, key="admin", limit=2, cursor=cursor)
        seen += [event["id"] for event in page["items"]]
        if not (cursor := page["next_cursor"]):
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5, "and two of the rule that can't be evaluated"


@pytest.mark.parametrize("place", [(2**63 - 1, 1), (-(2**63) + 1, 1), (0, 2**63 - 1)])
def test_any_place_is_one_that_events_go_on_from(any_client: TestClient, place: tuple[int, int]) -> None:
    window = {"start": "1900-01-01", "end": "2262-04-10"}
    events = get(any_client, "/events", **window, cursor=render_cursor(place))["items"]
    assert len(events) == (3 if place[0] > 0 else 0)


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({"rule": "Slow"}, 3),
        ({"rule": "Other"}, 0),
        ({"measure": "latency_p95_ms"}, 3),
        ({"measure": "cost_usd"}, 0),
        ({"fingerprint": "none"}, 0),
        ({"start": "2026-06-01T12:02:00Z"}, 2),
        ({"end": "2026-06-01T12:02:00Z"}, 1),
        ({"rule": "x' OR 1=1 --"}, 0),
    ],
)
def test_events_are_kept_by_what_is_asked(any_client: TestClient, parameters: Any, count: int) -> None:
    assert len(get(any_client, "/events", **PARAMETERS | parameters)["items"]) == count


@pytest.mark.parametrize(
    ("start", "end", "models"),
    [
        ("12:00:00", "13:00:00", ["old", "gpt"]),
        ("12:06:00", "13:00:00", ["old"]),
        ("12:03:00", "12:04:00", ["old", "gpt"]),
        ("12:00:00", "12:01:00", ["gpt"]),
        ("11:00:00", "12:00:00", []),
    ],
)
def test_episodes_are_those_that_overlap_the_window(
    any_client: TestClient, start: str, end: str, models: list[str]
) -> None:
    window = {"start": f"2026-06-01T{start}Z", "end": f"2026-06-01T{end}Z"}
    episodes = get(any_client, "/episodes", measure="latency_p95_ms", **window)["items"]
    assert [episode["labels"]["model"] for episode in episodes] == models
    ends = {episode["labels"]["model"]: episode["ended_at"] for episode in episodes}
    assert ends.get("gpt", "2026-06-01T12:05:00Z") == "2026-06-01T12:05:00Z"
    assert ends.get("old") is None


def test_event_that_the_store_has_twice_or_not_yet_is_told_once(state: State, client: TestClient) -> None:
    before = get(client, "/events", **PARAMETERS)
    with state.alerts.turn() as connection:  # as if the collector had died before it marked them
        connection.exec_driver_sql("UPDATE alert_events SET is_written = 0")
    assert get(client, "/events", **PARAMETERS) == before
    (old, gpt) = get(client, "/episodes", **PARAMETERS)["items"]
    assert (old["ended_at"], gpt["ended_at"]) == (None, "2026-06-01T12:05:00Z")


# --- how evaluation is


def test_status_tells_of_groups_and_their_rules(client: TestClient) -> None:
    status = get(client, "/status", key="admin")
    assert (status["is_enabled"], status["rules_problem"]) == (True, "rules.yml:1:1: no")
    assert status["states"] == {"firing": 2, "inactive": 1}
    (group,) = status["groups"]
    assert (group["name"], group["problem"], group["missed"]) == ("latency", "No such table.", 1)
    assert (group["evaluated_at"], group["duration_s"]) == ("2026-06-01T12:07:00Z", 0.25)
    broken, slow = group["rules"]
    assert (broken["alert"], broken["evaluations"], broken["failures"]) == ("Broken", 8, 8)
    assert (slow["alert"], slow["series"], slow["problem"]) == ("Slow", 3, "")


def test_what_is_wrong_with_a_rule_over_all_projects_is_not_for_everybody(client: TestClient) -> None:
    status = get(client, "/status")
    assert status["rules_problem"] == ""
    assert status["groups"][0]["problem"] == "The rule can't be evaluated; an administrator can see why."
