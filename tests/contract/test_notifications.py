"""What the notifier does with the lines of the outbox, on SQLite and PostgreSQL alike."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, delete
from watchkeeper_collector.app.notifying import check_matchers
from watchkeeper_collector.errors import ConflictError, ForbiddenError, NotFoundError
from watchkeeper_collector.state import notification_tables
from watchkeeper_collector.state.alert_records import Instance
from watchkeeper_collector.state.alert_tables import INSTANCES, OUTBOX
from watchkeeper_collector.state.state import State

from tests.notify import ROUTING_KEY, at, notice
from tests.notify.desk import NotifierDesk
from tests.notify.services import PagerDutyRules, Service, alertmanager_rules, any_rules
from tests.postgresql import PostgresqlServer

KEPT = [table for table in vars(notification_tables).values() if isinstance(table, Table)][::-1]


@pytest.fixture(scope="module")
def database(postgresql: PostgresqlServer) -> str:
    """One for all tests: they empty it."""
    return postgresql.create_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty state store."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/state.db"
        return
    found = str(request.getfixturevalue("database"))
    yield found
    with closing(State(found)) as state, state.database.write() as connection:
        for table in (OUTBOX, INSTANCES, *KEPT):
            connection.execute(delete(table))


@pytest.fixture
def pagerduty() -> Iterator[Service]:
    with Service(PagerDutyRules(ROUTING_KEY)) as service:
        yield service


@pytest.fixture
def hook() -> Iterator[Service]:
    with Service(any_rules) as service:
        yield service


@pytest.fixture
def desk(url: str, tmp_path: Path, pagerduty: Service, hook: Service) -> Iterator[NotifierDesk]:
    """Pages go to PagerDuty at once, everything else to a webhook after half a minute."""
    configuration: dict[str, Any] = {
        "route": {
            "receiver": "hook",
            "group_by": ["alertname"],
            "routes": [{"matchers": ["severity=page"], "receiver": "pager", "group_wait": "0s"}],
        },
        "receivers": [
            {"name": "hook", "webhook_configs": [{"url": hook.url}]},
            {"name": "pager", "pagerduty_configs": [{"routing_key": ROUTING_KEY, "url": pagerduty.url}]},
        ],
        "inhibit_rules": [
            {
                "source_matchers": ["alertname=ProviderOutage"],
                "target_matchers": ['alertname=~"ErrorRateHigh|.*Burn"'],
                "equal": ["provider"],
            }
        ],
    }
    with closing(NotifierDesk(url, tmp_path, configuration)) as desk:
        yield desk


PAGE = notice("ProviderOutage", labels={"severity": "page", "provider": "openai"})
FOLLOWS = notice("ErrorRateHigh", labels={"provider": "openai"})
ALONE = notice("LatencyHigh")


def over(one: Any, seconds: float) -> Any:
    labels = {name: value for name, value in one.labels.items() if name not in ("alertname", "project")}
    return notice(
        one.labels["alertname"], labels=labels, status="resolved", ends_at=at(seconds), when=at(seconds)
    )


def incidents(service: Service) -> list[list[str]]:
    assert isinstance(service.check, PagerDutyRules)
    return list(service.check.incidents.values())


# --- from the outbox to the receiver


def test_page_goes_out_at_once_and_resolves_under_the_same_key(
    desk: NotifierDesk, pagerduty: Service
) -> None:
    desk.write(PAGE)
    assert desk.turn(1) == 1
    desk.write(over(PAGE, 120))
    assert desk.turn(121) == 0
    assert desk.turn(301) == 1
    assert incidents(pagerduty) == [["trigger", "resolve"]]


def test_group_waits_for_others_and_is_said_once(desk: NotifierDesk, hook: Service) -> None:
    desk.write(ALONE)
    assert desk.turn(1) == 0
    desk.write(notice("LatencyHigh", labels={"model": "b"}))
    assert desk.turn(31) == 1
    assert desk.turn(400) == 0
    assert len(hook.taken[0].json()["data"]["alerts"]) == 2


def test_notice_said_again_is_no_news(desk: NotifierDesk, pagerduty: Service) -> None:
    for seconds in range(0, 900, 180):
        desk.write(notice("ProviderOutage", labels=dict(PAGE.labels), when=at(seconds)))
        desk.turn(seconds)
    assert incidents(pagerduty) == [["trigger"]]


def test_alert_that_resolves_before_it_is_said_is_never_said(desk: NotifierDesk, hook: Service) -> None:
    desk.write(ALONE)
    desk.turn(1)
    desk.write(over(ALONE, 20))
    desk.turn(21)
    desk.turn(40)
    assert hook.received == []
    assert desk.ledger() == []


def test_page_that_fired_and_resolved_while_nobody_looked_is_said(
    desk: NotifierDesk, pagerduty: Service
) -> None:
    desk.write(PAGE)
    desk.write(over(PAGE, 60))
    desk.turn(600)
    desk.turn(1000)
    assert incidents(pagerduty) == [["trigger", "resolve"]]


def test_cause_holds_back_what_follows_from_it(desk: NotifierDesk, hook: Service) -> None:
    desk.write(FOLLOWS, PAGE)
    desk.turn(0)
    assert desk.turn(31) == 0
    assert hook.received == []
    desk.write(over(PAGE, 60))
    desk.turn(331)
    desk.turn(661)
    assert [name for receiver, _, (name, *_) in desk.said() if receiver == "hook"] == ["ErrorRateHigh"]


def test_nothing_is_said_twice_after_a_restart(desk: NotifierDesk, pagerduty: Service) -> None:
    desk.write(PAGE)
    desk.turn(1)
    desk.open()
    desk.turn(2)
    desk.turn(400)
    assert incidents(pagerduty) == [["trigger"]]


def test_what_was_planned_before_a_crash_is_sent_after_it(desk: NotifierDesk, pagerduty: Service) -> None:
    desk.write(PAGE)
    desk.route(1)
    desk.open()
    assert desk.turn(2) == 1
    assert incidents(pagerduty) == [["trigger"]]


def test_attempt_that_was_not_written_down_is_repeated_under_the_same_key(
    desk: NotifierDesk, pagerduty: Service
) -> None:
    desk.write(PAGE)
    desk.route(1)
    (waiting,) = desk.ledger()
    target = desk.book.current().target(waiting.target)
    assert target is not None
    desk.sender.send(target.channel, waiting, desk.now)  # … and killed before the ledger knew
    desk.open()
    desk.send()
    assert incidents(pagerduty) == [["trigger", "trigger"]]
    assert isinstance(pagerduty.check, PagerDutyRules)
    assert pagerduty.check.opened == 1


# --- the ledger


def test_failing_receiver_is_tried_again_with_growing_pauses(desk: NotifierDesk, pagerduty: Service) -> None:
    pagerduty.script = [500, 503, 429]
    desk.write(PAGE)
    desk.turn(1)
    tried = [at(1)]
    while desk.ledger()[0].state == "pending":
        tried.append(desk.ledger()[0].next_try_at)
        desk.now = tried[-1]
        desk.send()
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(tried)]
    assert [round(pause / 2 ** (place + 1)) for place, pause in enumerate(pauses)] == [1, 1, 1]
    attempts = desk.state.deliveries.attempts(desk.ledger()[0].id)
    assert [one.outcome for one in attempts] == ["retry", "retry", "retry", "delivered"]
    assert incidents(pagerduty) == [["trigger"]]


def test_receiver_that_is_away_for_an_hour_gets_everything_in_order(
    desk: NotifierDesk, pagerduty: Service
) -> None:
    pagerduty.script = [503] * 100
    desk.write(PAGE)
    for seconds in range(1, 3600, 300):
        if seconds == 601:
            desk.write(over(PAGE, 600))
        desk.turn(seconds)
    pagerduty.script = []
    for seconds in range(3600, 4800, 300):
        desk.turn(seconds)
    assert incidents(pagerduty) == [["trigger", "resolve"]]


def test_refusal_is_final_until_somebody_sends_it_again(desk: NotifierDesk, pagerduty: Service) -> None:
    pagerduty.script = [400]
    desk.write(PAGE)
    desk.turn(1)
    assert desk.turn(100) == 0
    (refused,) = desk.ledger()
    assert (refused.state, refused.problem) == ("refused", "HTTP 400: scripted")
    desk.state.deliveries.replay(refused, desk.now, at(99_999))
    assert desk.send() == 1
    assert incidents(pagerduty) == [["trigger"]]
    (taken,) = desk.ledger()
    assert (taken.id, taken.state, taken.attempts) == (refused.id, "delivered", 2)
    with pytest.raises(ConflictError, match="is 'delivered'"):
        desk.state.deliveries.replay(taken, desk.now, at(99_999))


def test_what_is_not_taken_in_a_day_expires(desk: NotifierDesk, pagerduty: Service) -> None:
    pagerduty.script = [500] * 10_000
    desk.write(PAGE)
    desk.turn(1)
    silence(desk, 'severity="page"', 0, 99_999)
    desk.route(86_402)
    assert [one.state for one in desk.ledger()] == ["expired"]


def test_newer_news_take_the_place_of_older_that_were_not_taken(desk: NotifierDesk, hook: Service) -> None:
    hook.script = [500] * 5
    desk.write(ALONE)
    desk.turn(31)
    desk.write(notice("LatencyHigh", labels={"model": "b"}))
    desk.turn(331)
    hook.script = []
    desk.turn(400)
    assert [one.state for one in desk.ledger(receiver="hook")] == ["superseded", "delivered"]
    assert len(hook.taken) == 1


def test_delivery_that_was_superseded_while_it_was_tried_stays_so(desk: NotifierDesk, hook: Service) -> None:
    hook.script = [500]
    desk.write(ALONE)
    desk.route(31)
    (under_way,) = desk.ledger()
    desk.write(notice("LatencyHigh", labels={"model": "b"}))
    desk.route(331)
    desk.sender.attempt(under_way)
    assert [one.state for one in desk.ledger(receiver="hook")] == ["superseded", "pending"]


def test_delivery_of_another_project_is_not_there(desk: NotifierDesk) -> None:
    desk.write(PAGE)
    desk.route(1)
    (delivery,) = desk.ledger()
    assert desk.state.deliveries.get(delivery.id, ["shop"]) == delivery
    with pytest.raises(NotFoundError):
        desk.state.deliveries.get(delivery.id, ["other"])


def test_ledger_is_tidied(desk: NotifierDesk, hook: Service) -> None:
    desk.write(ALONE)
    desk.turn(31)
    desk.write(over(ALONE, 60))
    desk.turn(400)
    desk.turn(31 * 86_400)
    assert desk.ledger() == []
    with desk.state.database.read() as connection:
        assert desk.state.notifications.alerts(connection) == []
        assert desk.state.notifications.groups(connection) == []


# --- targets that do not work


def test_target_that_is_gone_is_sent_nothing_and_others_are_told(
    desk: NotifierDesk, pagerduty: Service, hook: Service
) -> None:
    hook.script = [410]
    desk.write(ALONE)
    desk.turn(31)
    desk.turn(60)
    assert [one["event_action"] for one in (request.json() for request in pagerduty.taken)] == ["trigger"]
    summary = pagerduty.taken[0].json()["payload"]["summary"]
    assert "The receiver 'hook' asked for no more" in summary
    desk.write(notice("Other"))
    desk.turn(120)
    assert len(hook.received) == 1
    assert [one.state for one in desk.ledger(receiver="hook")] == ["refused", "refused"]
    for target in desk.book.current().targets_of("", "hook"):
        desk.state.deliveries.enable(target.uid)
    desk.turn(500)
    assert incidents(pagerduty) == [["trigger", "resolve"]]


def test_target_that_fails_for_minutes_is_told_to_others(
    desk: NotifierDesk, pagerduty: Service, hook: Service
) -> None:
    hook.script = [503] * 1000
    desk.write(ALONE)
    for seconds in range(31, 420, 90):
        desk.turn(seconds)
    assert incidents(pagerduty) == [["trigger"]]
    hook.script = []
    for seconds in range(420, 1500, 120):
        desk.turn(seconds)
    assert incidents(pagerduty) == [["trigger", "resolve"]]
    assert desk.state.deliveries.health()["/hook/webhook/0"].failing_since is None


def test_target_that_there_is_no_more_is_spoken_of_no_more(
    desk: NotifierDesk, pagerduty: Service, hook: Service
) -> None:
    hook.script = [410]
    desk.write(ALONE)
    desk.turn(31)
    desk.turn(60)
    change(desk, "webhook_configs", "teams_configs")
    desk.turn(400)
    desk.turn(800)
    assert incidents(pagerduty) == [["trigger", "resolve"]]
    assert desk.state.deliveries.health() == {}


# --- silences and acknowledgements


def silence(desk: NotifierDesk, matchers: str, start: float, end: float, project: str = "shop") -> None:
    values = {
        "matchers": matchers, "starts_at": at(start), "ends_at": at(end), "author": "Ada", "comment": "x",
    }  # fmt: skip
    desk.state.silences.add(project, "", values)


def test_silence_holds_for_its_time_and_its_project(desk: NotifierDesk, hook: Service) -> None:
    silence(desk, 'alertname="LatencyHigh"', 0, 600)
    silence(desk, 'alertname=~".+"', 0, 9999, project="third")
    desk.write(ALONE, notice("LatencyHigh", project="other"))
    for seconds in range(31, 1000, 120):
        desk.turn(seconds)
    found = [(request.json()["data"]["project"]) for request in hook.taken]
    assert found == ["other", "shop"]


def test_silence_holds_whatever_characters_its_values_have(desk: NotifierDesk, hook: Service) -> None:
    odd = 'a\u2028b\x0b\nc\r\x85"d'
    value = check_matchers(['user="a\u2028b\x0b\\nc\r\x85\\"d"'])
    silence(desk, "\n".join(value), 0, 600)
    desk.write(notice("Odd", labels={"user": odd}), notice("Even", labels={"user": "a"}))
    desk.turn(31)
    assert [names for _, _, names in desk.said()] == [["Even"]]


def test_labels_may_hold_any_character(desk: NotifierDesk, hook: Service) -> None:
    change(desk, "- alertname\n", "- alertname\n  - user\n")
    odd = '\x00\x1b[2J\u2028"\\\n' + "x" * 5000
    desk.write(notice("Odd", labels={"user": odd}, annotations={"summary": odd}), notice("Even"))
    desk.turn(31)
    assert sorted(names for _, _, names in desk.said()) == [["Even"], ["Odd"]]
    assert {one.state for one in desk.ledger()} == {"delivered"}


def test_what_cannot_be_read_any_more_stops_nobody(desk: NotifierDesk, hook: Service) -> None:
    silence(desk, 'a=~"("', 0, 600)
    desk.state.routes.add("shop", "", {"name": "r", "receiver": "x", "route": '{"matchers": ["("]}'})
    desk.write(ALONE)
    desk.turn(31)
    assert len(hook.taken) == 1
    assert "The route 'r' of 'shop' can't be read" in desk.book.problem


def test_what_was_said_resolves_within_a_silence(desk: NotifierDesk, pagerduty: Service) -> None:
    desk.write(PAGE)
    desk.turn(1)
    silence(desk, 'severity="page"', 0, 9999)
    desk.write(over(PAGE, 60))
    desk.turn(400)
    assert incidents(pagerduty) == [["trigger", "resolve"]]


def firing_instance(one: Any) -> Instance:
    return Instance(
        fingerprint=one.fingerprint,
        rule_uid=one.rule_uid,
        project=one.project,
        labels=one.labels,
        annotations=one.annotations,
        state="firing",
        active_at=one.starts_at,
        seen_at=one.at,
        episode=one.episode,
        fired_at=one.starts_at,
    )


def test_acknowledgement_tells_the_pager_and_ends_repetitions(desk: NotifierDesk, pagerduty: Service) -> None:
    desk.write(PAGE, instances=[firing_instance(PAGE)])
    desk.turn(1)
    made = desk.acknowledging.acknowledge("shop", PAGE.fingerprint, "Ada", "On it.")
    assert (made.author, made.episode) == ("Ada", PAGE.episode)
    assert desk.acknowledging.acknowledge("shop", PAGE.fingerprint, "Bob", "").author == "Ada"
    desk.turn(2)
    for seconds in (300, 15_000, 30_000, 45_000):
        desk.turn(seconds)
    assert incidents(pagerduty) == [["trigger", "acknowledge"]]
    desk.write(over(PAGE, 50_000))
    desk.turn(50_400)
    assert incidents(pagerduty) == [["trigger", "acknowledge", "resolve"]]


def test_chats_and_webhooks_hear_who_takes_care(desk: NotifierDesk, hook: Service) -> None:
    desk.write(ALONE, instances=[firing_instance(ALONE)])
    desk.turn(31)
    desk.acknowledging.acknowledge("shop", ALONE.fingerprint, "Ada", "On it.")
    desk.turn(40)
    told = hook.taken[-1].json()
    assert (told["type"], told["data"]["author"]) == ("alert.acknowledged", "Ada")
    assert told["data"]["title"].startswith("[ACKNOWLEDGED by Ada] LatencyHigh")


def test_without_acknowledgement_it_is_said_again(desk: NotifierDesk, pagerduty: Service) -> None:
    desk.write(PAGE)
    for seconds in (1, 301, 14_402, 14_702, 28_803):
        desk.turn(seconds)
    assert incidents(pagerduty) == [["trigger", "trigger", "trigger"]]


def test_only_what_fires_in_this_project_is_acknowledged(desk: NotifierDesk) -> None:
    desk.write(PAGE, instances=[firing_instance(PAGE)])
    with pytest.raises(NotFoundError):
        desk.acknowledging.acknowledge("other", PAGE.fingerprint, "Eve", "")
    with pytest.raises(ConflictError, match="Nobody has acknowledged"):
        desk.acknowledging.take_back("shop", PAGE.fingerprint)


def test_link_in_a_message_acknowledges_its_alerts(desk: NotifierDesk, hook: Service) -> None:
    desk.write(ALONE)
    desk.turn(31)
    link = hook.taken[0].json()["data"]["acknowledge_url"]
    token = link.rpartition("/")[2]
    assert link.startswith("https://api.example/api/v1/acknowledge/msg_")
    title, project, count = desk.acknowledging.look(token)
    assert (project, count) == ("shop", 1)
    assert "LatencyHigh" in title
    assert desk.acknowledging.follow(token, "") == 1
    assert desk.acknowledging.look(token)[2] == 0
    assert [one.author for one in desk.acknowledging.all("shop")] == ["a link sent to hook"]
    assert desk.acknowledging.all("other") == []


def test_link_that_was_changed_or_has_expired_does_nothing(desk: NotifierDesk, hook: Service) -> None:
    desk.write(ALONE)
    desk.turn(31)
    token = hook.taken[0].json()["data"]["acknowledge_url"].rpartition("/")[2]
    delivery, expires, signature = token.split(".")
    later, other = f"{delivery}.{int(expires) + 1}.{signature}", f"msg_00112233.{expires}.{signature}"
    for text in (later, other, token + "a", "x", ""):
        with pytest.raises(ForbiddenError, match="none of ours"):
            desk.acknowledging.follow(text, "Eve")
    desk.now += timedelta(hours=73)
    with pytest.raises(ForbiddenError, match="expired"):
        desk.acknowledging.follow(token, "Eve")
    assert desk.acknowledging.all("shop") == []


# --- changes while it runs


def change(desk: NotifierDesk, old: str, new: str) -> None:
    text = desk.path.read_text()
    assert old in text
    desk.path.write_text(text.replace(old, new) + "\n")


def test_file_that_is_wrong_changes_nothing_and_is_told(desk: NotifierDesk, pagerduty: Service) -> None:
    change(desk, "receiver: pager", "receiver: nobody")
    desk.write(PAGE)
    desk.turn(1)
    assert "There is no receiver 'nobody'" in desk.book.problem
    assert incidents(pagerduty) == [["trigger"]]


def test_alert_that_is_routed_elsewhere_is_resolved_where_it_was(
    desk: NotifierDesk, pagerduty: Service, hook: Service
) -> None:
    desk.write(PAGE)
    desk.turn(1)
    change(desk, "severity=page", "severity=other")
    desk.turn(60)
    desk.turn(400)
    assert incidents(pagerduty) == [["trigger", "resolve"]]
    assert [request.json()["type"] for request in hook.taken] == ["alert.firing"]


def test_delivery_to_a_receiver_that_was_removed_says_so(desk: NotifierDesk, hook: Service) -> None:
    hook.script = [500]
    desk.write(ALONE)
    desk.turn(31)
    desk.path.write_text(json.dumps({"route": {}}))
    desk.turn(60)
    desk.turn(400)
    assert [(one.state, one.problem) for one in desk.ledger(receiver="hook")] == [
        ("refused", "The receiver was removed.")
    ]


# --- heartbeats


def test_heartbeat_goes_out_while_alerts_are_evaluated(url: str, tmp_path: Path) -> None:
    with Service() as service:
        receiver = {"name": "switch", "heartbeat_configs": [{"url": service.url, "interval_s": 60}]}
        desk = NotifierDesk(url, tmp_path, {"route": {}, "receivers": [receiver]})
        with closing(desk):
            counts = []
            for seconds, problem in ((0, ""), (30, ""), (60, ""), (120, "No rule was evaluated."), (150, "")):
                desk.now, desk.engine_problem = at(seconds), problem
                desk.notifier.run_round()
                desk.send()
                counts.append(len([one for one in desk.ledger() if one.action == "heartbeat"]))
    assert counts == [1, 1, 2, 2, 3]


# --- Alertmanager: everything as it is


def test_alertmanager_gets_every_notice_and_each_peer_by_itself(url: str, tmp_path: Path) -> None:
    with Service(alertmanager_rules) as one, Service(alertmanager_rules) as dead:
        receiver = {"name": "am", "alertmanager_configs": [{"urls": [one.url, dead.url]}]}
        dead.script = [503] * 100
        with closing(
            NotifierDesk(url, tmp_path, {"route": {"receiver": "am"}, "receivers": [receiver]})
        ) as desk:
            for seconds in (0, 60, 120):
                desk.write(notice(when=at(seconds), ends_at=at(seconds + 240)), notice("B", project="other"))
                desk.turn(seconds)
            desk.write(over(notice(), 150))
            desk.turn(150)
            desk.turn(400)
            expired = [delivery for delivery in desk.ledger() if delivery.state == "expired"]
            assert {delivery.target for delivery in expired} == {"/am/alertmanager/1"}
    names = [[alert["labels"]["alertname"] for alert in request.json()] for request in one.taken]
    assert sum("ErrorRateHigh" in part for part in names) == 4


# --- receivers and routes of a project


def test_projects_own_routes_come_on_top_and_hear_no_other_project(desk: NotifierDesk, hook: Service) -> None:
    with Service(any_rules) as own:
        secrets = desk.vault.seal({"url": own.url}, "shop")
        desk.state.receivers.add(
            "shop", "", {"name": "mine", "kind": "webhook", "configuration": "{}", "secrets": secrets}
        )
        route = {"group_wait": "0s", "matchers": ['alertname=~"L.*"']}
        desk.state.routes.add("shop", "", {"name": "r", "receiver": "mine", "route": json.dumps(route)})
        desk.write(ALONE, notice("LatencyHigh", project="other"), notice("Other"))
        desk.turn(31)
        assert [request.json()["data"]["project"] for request in own.taken] == ["shop"]
        assert len(hook.taken) == 3


def test_secret_that_another_key_sealed_is_told_and_harms_no_other(
    desk: NotifierDesk, hook: Service, tmp_path: Path
) -> None:
    secrets = desk.vault.seal({"url": "http://127.0.0.1:1"}, "other")
    desk.state.receivers.add(
        "shop", "", {"name": "mine", "kind": "webhook", "configuration": "{}", "secrets": secrets}
    )
    desk.write(ALONE)
    desk.turn(31)
    assert "The receiver 'mine' of 'shop' can't be read" in desk.book.problem
    assert len(hook.taken) == 1
