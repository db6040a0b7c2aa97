"""The API about notifications: receivers, routes, silences, acknowledgements, the ledger."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient
from watchkeeper_collector.app import Collector, build_collector
from watchkeeper_collector.settings import Settings

from tests.contract.test_notifications import firing_instance
from tests.notify import ROUTING_KEY, notice
from tests.notify.services import PagerDutyRules, Service, any_rules, until

SECRET = "T0PSECRETTOKEN"


@pytest.fixture
def pagerduty() -> Iterator[Service]:
    with Service(PagerDutyRules(ROUTING_KEY)) as service:
        yield service


@pytest.fixture
def hook() -> Iterator[Service]:
    with Service(any_rules) as service:
        yield service


@pytest.fixture
def collector(tmp_path: Path, pagerduty: Service) -> Iterator[Collector]:
    """One that is not started: rounds are made by hand, and no engine is opened."""
    operators = {"name": "pager", "pagerduty_configs": [{"routing_key": ROUTING_KEY, "url": pagerduty.url}]}
    path = tmp_path / "alerts.yaml"
    path.write_text(yaml.safe_dump({"route": {"receiver": "pager"}, "receivers": [operators]}))
    settings = Settings(
        data_dir=tmp_path,
        alerts_config=path,
        egress_allow=("127.0.0.0/8",),
        public_api_url="http://127.0.0.1:4318",
    )
    collector = build_collector(settings)
    with closing(collector.state) as state:
        state.migrate()
        state.projects.ensure("default")
        state.keys.start()
        collector.alerting.notifying.book.load()
        yield collector


@pytest.fixture
def client(collector: Collector) -> Iterator[TestClient]:
    """An operator on this machine."""
    with TestClient(collector.http, base_url="http://127.0.0.1/api/v1/") as client:
        yield client


def keyed(collector: Collector, project: str, *scopes: str) -> TestClient:
    _, key = collector.state.keys.create(project, "test", scopes)
    headers = {"authorization": f"Bearer {key}"}
    return TestClient(collector.http, base_url="http://127.0.0.1/api/v1/", headers=headers)


def fire(collector: Collector, *, project: str = "default") -> Any:
    """An alert that fires and has just begun, as the engine leaves it."""
    now = datetime.now(UTC)
    one = notice(project=project, starts_at=now, ends_at=now + timedelta(minutes=4))
    with collector.state.alerts.turn() as connection:
        collector.state.alerts.commit(connection, [firing_instance(one)], [one])
    return one


def rounds(collector: Collector) -> None:
    """What is due now is planned and sent, here."""
    notifier, state = collector.alerting.notifying.notifier, collector.state
    notifier._book.refresh()
    notifier._router.run_round(datetime.now(UTC))
    for target in state.deliveries.due_targets(datetime.now(UTC)):
        while (due := state.deliveries.next_due(target, datetime.now(UTC))) is not None:
            notifier._sender.attempt(due)


def make_receiver(client: TestClient, url: str, name: str = "mine") -> Any:
    body = {"name": name, "kind": "webhook", "settings": {"url": f"{url}/{SECRET}"}}
    answer = client.post("receivers", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def make_route(client: TestClient, **fields: Any) -> Any:
    route = {"name": "all", "receiver": "mine", "group_wait": "0s", **fields}
    answer = client.post("routes", json=route)
    assert answer.status_code == 201, answer.text
    return answer.json()


# --- receivers


def test_receiver_is_made_tested_changed_and_removed(
    client: TestClient, collector: Collector, hook: Service
) -> None:
    made = make_receiver(client, hook.url)
    assert made["source"] == "api"
    assert made["targets"][0]["secrets"] == ["url"]
    tests = client.post("receivers/mine/test").json()["items"]
    assert [(one["action"], one["state"]) for one in tests] == [
        ("firing", "delivered"),
        ("resolved", "delivered"),
    ]
    assert [request.json()["data"]["is_test"] for request in hook.taken] == [True, True]
    change = {"kind": "webhook", "settings": {"format": "alertmanager", "max_alerts": 5}}
    changed = client.put("receivers/mine", json=change).json()["targets"][0]["settings"]
    assert (changed["format"], changed["max_alerts"]) == ("alertmanager", 5)
    assert client.post("receivers/mine/test").json()["items"][0]["state"] == "delivered"
    assert client.delete("receivers/mine").status_code == 204
    assert client.get("receivers/mine").status_code == 404


def test_secrets_are_in_no_answer_store_or_audit(
    client: TestClient, collector: Collector, hook: Service, tmp_path: Path
) -> None:
    answers = [json.dumps(make_receiver(client, hook.url))]
    make_route(client)
    fire(collector)
    rounds(collector)
    bad = {"name": "bad", "kind": "pagerduty", "settings": {"routing_key": SECRET, SECRET: SECRET[:7]}}
    refused = client.post("receivers", json=bad)
    assert refused.status_code == 400
    wrong = {"kind": "slack", "settings": {"url": f"ftp://x/{SECRET}"}}
    assert client.put("receivers/mine", json=wrong).status_code == 400
    paths = ["receivers", "receivers/mine", "routes", "deliveries", "audit"]
    paths += [f"deliveries/{one.id}" for one in _ledger(collector)]
    answers += [client.get(path).text for path in paths]
    assert hook.taken
    assert [text for text in answers if SECRET in text] == []
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("state.db*"))
    assert SECRET.encode() not in kept


def test_error_names_every_field_that_is_wrong(client: TestClient) -> None:
    body = {
        "name": "mine",
        "kind": "pagerduty",
        "settings": {"routing_key": "x", "regoin": "eu", "severity": 1},
    }
    problems = client.post("receivers", json=body).json()["error"]["details"]["problems"]
    assert {one["where"] for one in problems} == {"routing_key", "regoin", "severity"}
    assert any("Did you mean 'region'?" in one["problem"] for one in problems)


def test_what_only_the_operator_may_name_is_refused(client: TestClient) -> None:
    for kind, settings in (
        ("apprise", {"url": "json://127.0.0.1"}),
        ("webhook", {"url_file": "/etc/passwd"}),
        ("webhook", {"url_env": "PATH"}),
        ("nothing", {}),
    ):
        answer = client.post("receivers", json={"name": "x", "kind": kind, "settings": settings})
        assert answer.status_code == 400, kind


def test_receivers_of_the_file_are_the_operators(collector: Collector) -> None:
    operator, other = keyed(collector, "default", "read", "alerts"), keyed(collector, "shop", "admin")
    (pager,) = operator.get("receivers").json()["items"]
    assert (pager["name"], pager["source"], pager["targets"][0]["secrets"]) == (
        "pager",
        "file",
        ["routing_key"],
    )
    assert other.get("receivers").json()["items"] == []
    assert other.post("receivers/pager/test").status_code == 404
    assert other.delete("receivers/pager").status_code == 404
    assert operator.post("receivers/pager/test").json()["items"][0]["state"] == "delivered"


def test_receivers_of_another_project_are_not_there(collector: Collector, hook: Service) -> None:
    mine, other = keyed(collector, "shop", "admin"), keyed(collector, "third", "admin")
    make_receiver(mine, hook.url)
    for answer in (
        other.get("receivers/mine"),
        other.post("receivers/mine/test"),
        other.delete("receivers/mine"),
        other.post("routes", json={"name": "r", "receiver": "mine"}),
    ):
        assert answer.status_code == 404
    assert hook.received == []


def test_test_of_a_receiver_that_does_not_work_says_why(client: TestClient, hook: Service) -> None:
    make_receiver(client, hook.url)
    hook.script = [403]
    (failed,) = client.post("receivers/mine/test").json()["items"]
    assert (failed["state"], failed["problem"]) == ("refused", "HTTP 403: scripted")
    private = {"name": "inner", "kind": "webhook", "settings": {"url": "http://169.254.169.254/latest"}}
    client.post("receivers", json=private)
    (failed,) = client.post("receivers/inner/test").json()["items"]
    assert "not on the public internet" in failed["problem"]


# --- routes and the ledger


def test_route_leads_alerts_to_a_receiver_and_the_ledger_tells(
    client: TestClient, collector: Collector, hook: Service
) -> None:
    make_receiver(client, hook.url)
    route = make_route(client, matchers=['alertname="ErrorRateHigh"'])
    hook.script = [500]
    fire(collector)
    rounds(collector)
    page = client.get("deliveries", params={"receiver": "mine"}).json()
    (delivery,) = page["items"]
    assert (delivery["state"], delivery["problem"]) == ("pending", "HTTP 500: scripted")
    details = client.get(f"deliveries/{delivery['id']}").json()
    assert [one["outcome"] for one in details["attempt_list"]] == ["retry"]
    assert details["notification"]["alerts"][0]["labels"]["alertname"] == "ErrorRateHigh"
    conflict = client.delete("receivers/mine")
    assert (conflict.status_code, conflict.json()["error"]["code"]) == (409, "conflict")
    assert client.delete(f"routes/{route['id']}").status_code == 204


def test_refused_delivery_is_sent_again_on_demand(
    client: TestClient, collector: Collector, hook: Service
) -> None:
    make_receiver(client, hook.url)
    make_route(client)
    hook.script = [400]
    fire(collector)
    rounds(collector)
    (refused,) = client.get("deliveries", params={"state": "refused"}).json()["items"]
    again = client.post(f"deliveries/{refused['id']}/replay")
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    rounds(collector)
    assert client.get(f"deliveries/{refused['id']}").json()["state"] == "delivered"
    assert {request.headers["webhook-id"] for request in hook.received} == {refused["id"]}
    assert client.post(f"deliveries/{refused['id']}/replay").status_code == 409


def test_page_that_has_resolved_is_not_sent_again(
    client: TestClient, collector: Collector, hook: Service
) -> None:
    make_receiver(client, hook.url)
    make_route(client, group_interval="1s")
    hook.script = [400]
    one = fire(collector)
    rounds(collector)
    now = datetime.now(UTC)
    over = replace(one, status="resolved", ends_at=now, at=now)
    with collector.state.alerts.turn() as connection:
        collector.state.alerts.commit(connection, [], [over])
    until(lambda: rounds(collector) or len(hook.taken) == 1)
    (refused,) = client.get("deliveries", params={"state": "refused"}).json()["items"]
    answer = client.post(f"deliveries/{refused['id']}/replay")
    assert answer.status_code == 409
    assert "nobody ends" in answer.json()["error"]["message"]


def test_ledger_has_pages(client: TestClient, hook: Service) -> None:
    make_receiver(client, hook.url)
    for _ in range(3):
        client.post("receivers/mine/test")
    found, cursor = [], ""
    while True:
        page = client.get("deliveries", params={"limit": 4, "cursor": cursor}).json()
        found += [one["id"] for one in page["items"]]
        if not (cursor := page["next_cursor"]):
            break
    assert (len(found), found) == (6, sorted(found, reverse=True))


def test_route_that_is_wrong_is_refused_with_the_place(client: TestClient, hook: Service) -> None:
    make_receiver(client, hook.url)
    for name, value in (
        ("matchers", ['a=~"("']),
        ("matchers", ["x"]),
        ("group_wait", "soon"),
        ("repeat_interval", "-5m"),
    ):
        answer = client.post("routes", json={"name": "r", "receiver": "mine", name: value})
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["problems"][0]["where"].startswith(name)


# --- silences


def test_silence_is_made_changed_and_ended(client: TestClient) -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    body = {"matchers": ["alertname=A", '{b=~"c|d"}'], "ends_at": end.isoformat(), "comment": "maintenance"}
    made = client.post("silences", json=body).json()
    assert (made["state"], made["matchers"]) == ("active", ['alertname="A"', 'b=~"c|d"'])
    later = {**body, "starts_at": (end - timedelta(minutes=1)).isoformat()}
    assert client.put(f"silences/{made['id']}", json=later).json()["state"] == "pending"
    assert client.delete(f"silences/{made['id']}").json()["state"] == "expired"
    listed = client.get("silences", params={"state": "expired"}).json()["items"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert client.get("silences", params={"state": "active"}).json()["items"] == []


def test_silence_that_is_wrong_is_refused(client: TestClient) -> None:
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for change in (
        {"matchers": []},
        {"matchers": ["{}"]},
        {"matchers": ['a=~".*"']},
        {"matchers": ["nonsense"]},
        {"ends_at": "2020-01-01T00:00:00Z"},
        {"ends_at": "2999-01-01T00:00:00Z"},
        {"ends_at": end[:19]},
        {"comment": ""},
        {"more": 1},
    ):
        body = {"matchers": ["a=b"], "ends_at": end, "comment": "x", **change}
        assert client.post("silences", json=body).status_code == 400, change


def test_reader_changes_nothing(collector: Collector) -> None:
    reader = keyed(collector, "shop", "read")
    for method, path in (
        ("POST", "silences"),
        ("DELETE", "silences/x"),
        ("POST", "receivers"),
        ("PUT", "receivers/x"),
        ("DELETE", "receivers/x"),
        ("POST", "receivers/x/test"),
        ("POST", "routes"),
        ("DELETE", "routes/x"),
        ("POST", "deliveries/x/replay"),
        ("POST", "alerts/x/ack"),
        ("DELETE", "alerts/x/ack"),
    ):
        assert reader.request(method, path, json={}).status_code == 403, path


# --- acknowledgements


def test_alert_is_acknowledged_and_taken_back(
    client: TestClient, collector: Collector, pagerduty: Service
) -> None:
    one = fire(collector)
    made = client.post(f"alerts/{one.fingerprint}/ack", json={"author": "Ada", "comment": "On it."}).json()
    assert (made["author"], made["episode"]) == ("Ada", one.episode)
    (listed,) = client.get("alerts/acknowledgements").json()["items"]
    assert listed["fingerprint"] == one.fingerprint
    assert client.delete(f"alerts/{one.fingerprint}/ack").status_code == 204
    assert client.delete(f"alerts/{one.fingerprint}/ack").status_code == 409
    assert client.post("alerts/unknown/ack", json={}).status_code == 404


def test_link_asks_first_and_acts_on_demand_only(
    client: TestClient, collector: Collector, hook: Service
) -> None:
    make_receiver(client, hook.url)
    make_route(client)
    fire(collector)
    rounds(collector)
    link = hook.taken[0].json()["data"]["acknowledge_url"]
    stranger = TestClient(collector.http, base_url="http://127.0.0.1")
    page = stranger.get(link)
    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert client.get("alerts/acknowledgements").json()["items"] == []
    done = stranger.post(link, data={"author": "Ada <script>"})
    assert "1 alert(s) acknowledged" in done.text
    assert "<script" not in done.text
    (made,) = client.get("alerts/acknowledgements").json()["items"]
    assert made["author"] == "Ada <script>"
    assert "somebody takes care of it already" in stranger.get(link).text
    assert stranger.get(link + "x").status_code == 403
    entries = client.get("audit").json()["items"]
    assert "link:Ada <script>" in [entry["actor"] for entry in entries]


def _ledger(collector: Collector) -> list[Any]:
    return list(collector.state.deliveries.find(["default", ""], limit=100))
