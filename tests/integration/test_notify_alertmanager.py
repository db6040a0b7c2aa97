"""The real Alertmanager behind the notifier: one notification per episode, inhibition, kills of either."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from watchkeeper_collector.alerts.notify.worker import utc_now
from watchkeeper_collector.state.alert_records import Notice
from watchkeeper_collector.state.state import State

from tests.notify import notice
from tests.notify.process import AlertmanagerProcess, NotifierProcess
from tests.notify.services import Service, until

VALIDITY = timedelta(minutes=4)


class Incident:
    """The engine's part: it says again and again what fires, and that it resolved."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.began = utc_now()

    def write(self, *notices: Notice) -> None:
        with self._state.alerts.turn() as connection:
            self._state.alerts.commit(connection, [], notices)

    def fires(self, name: str, began: datetime | None = None) -> Notice:
        now = utc_now()
        labels = {"provider": "openai", "attr.tenant": "acme"}
        return notice(name, labels=labels, starts_at=began or self.began, ends_at=now + VALIDITY, when=now)

    def resolved(self, name: str) -> Notice:
        now = utc_now()
        labels = {"provider": "openai", "attr.tenant": "acme"}
        return notice(name, labels=labels, status="resolved", starts_at=self.began, ends_at=now, when=now)


@pytest.fixture
def hook() -> Iterator[Service]:
    with Service() as service:
        yield service


@pytest.fixture
def alertmanager(tmp_path: Path, hook: Service) -> Iterator[AlertmanagerProcess]:
    configuration = {
        "route": {
            "receiver": "hook",
            "group_by": ["alertname"],
            "group_wait": "1s",
            "group_interval": "1s",
            "repeat_interval": "4h",
        },
        "receivers": [{"name": "hook", "webhook_configs": [{"url": hook.url}]}],
        "inhibit_rules": [
            {
                "source_matchers": ["alertname=ProviderOutage"],
                "target_matchers": ["alertname=ErrorRateHigh"],
                "equal": ["provider"],
            }
        ],
    }
    process = AlertmanagerProcess(tmp_path / "alertmanager", configuration)
    process.start()
    yield process
    process.kill()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/state.db"


@pytest.fixture
def incident(url: str) -> Iterator[Incident]:
    with closing(State(url)) as state:
        state.migrate()
        yield Incident(state)


@pytest.fixture
def notifier(
    tmp_path: Path, url: str, incident: Incident, alertmanager: AlertmanagerProcess
) -> Iterator[NotifierProcess]:
    receiver = {"name": "am", "alertmanager_configs": [{"urls": [alertmanager.url]}]}
    configuration = {"route": {"receiver": "am"}, "receivers": [receiver]}
    process = NotifierProcess(url, tmp_path / "notifier", configuration)
    process.start()
    yield process
    process.kill()


def said(hook: Service, name: str) -> list[str]:
    """What Alertmanager notified about an alert."""
    found = [request.json() for request in hook.received]
    return [one["status"] for one in found if one["groupLabels"]["alertname"] == name]


def test_episode_is_notified_once_and_resolves_over_kills_of_either(
    incident: Incident, notifier: NotifierProcess, alertmanager: AlertmanagerProcess, hook: Service
) -> None:
    for _ in range(3):
        incident.write(incident.fires("LatencyHigh"))
    until(lambda: said(hook, "LatencyHigh") == ["firing"], "the notification")
    notifier.kill()
    notifier.start()
    incident.write(incident.fires("LatencyHigh"), incident.fires("Other"))
    until(lambda: said(hook, "Other") == ["firing"], "the notification after our kill")
    assert said(hook, "LatencyHigh") == ["firing"]
    alertmanager.kill()
    alertmanager.start()
    assert alertmanager.alerts() == []
    incident.write(incident.fires("LatencyHigh"))
    until(lambda: len(alertmanager.alerts()) == 1, "what it forgot")
    notifier.kill()
    incident.write(incident.resolved("LatencyHigh"))
    notifier.start()
    until(lambda: said(hook, "LatencyHigh")[-1] == "resolved", "the resolution")
    assert said(hook, "LatencyHigh") in (
        ["firing", "resolved"],
        ["firing", "firing", "resolved"],  # Alertmanager forgot what it had notified: one more, as documented
    )
    (alert,) = hook.received[0].json()["alerts"]
    assert alert["labels"]["attr_tenant"] == "acme"


def test_inhibition_works_for_alerts_that_began_long_ago(
    incident: Incident, notifier: NotifierProcess, alertmanager: AlertmanagerProcess, hook: Service
) -> None:
    """With their own beginning Alertmanager would notify the first at once, before it knows the other."""
    long_ago = utc_now() - timedelta(minutes=10)
    incident.write(incident.fires("ErrorRateHigh", long_ago))
    until(lambda: len(alertmanager.alerts()) == 1, "the first alert")
    incident.write(incident.fires("ProviderOutage", long_ago))
    until(lambda: said(hook, "ProviderOutage") == ["firing"], "the notification of the cause")
    incident.write(incident.fires("LatencyHigh"))
    until(lambda: said(hook, "LatencyHigh") == ["firing"], "a later notification")
    assert said(hook, "ErrorRateHigh") == []
