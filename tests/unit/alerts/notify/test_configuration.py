"""The operator's file: Alertmanager's shape, every error at its place, secrets never shown."""

from pathlib import Path

import pytest
from watchkeeper_collector.alerts.notify.channels.slack import Slack
from watchkeeper_collector.alerts.notify.channels.webhook import Webhook
from watchkeeper_collector.alerts.notify.configuration import Configuration
from watchkeeper_collector.alerts.notify.loading import FileConfiguration, load_configuration
from watchkeeper_collector.alerts.notify.routing.inhibition import Inhibition
from watchkeeper_collector.errors import ConfigurationError

from tests.notify import ROUTING_KEY

GOOD = """
route:
  receiver: default
  group_by: [alertname, environment]
  group_wait: 0s
  routes:
    - matchers: [severity="page"]
      receiver: pager
      continue: true
      mute_time_intervals: [nights]
    - matchers: ['{team="b"}']
      receiver: mail
receivers:
  - name: default
  - name: pager
    pagerduty_configs:
      - routing_key_file: pagerduty.key
    slack_configs:
      - url_env: SLACK_URL
        send_resolved: false
    alertmanager_configs:
      - urls: [http://am-1:9093, http://am-2:9093]
  - name: mail
    email_configs:
      - to: a@example.org, b@example.org
        from: watchkeeper@example.org
        smarthost: mail.example.org:587
        auth_username: wk
        auth_password_file: mail.password
inhibit_rules:
  - source_matchers: [alertname=ProviderOutage]
    target_matchers: ['alertname=~"ErrorRateHigh|.*Burn"']
    equal: [environment, provider]
time_intervals:
  - name: nights
    time_intervals:
      - times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '06:00'}]
        location: Europe/Berlin
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pagerduty.key").write_text(f"{ROUTING_KEY}\n")
    (tmp_path / "mail.password").write_text("hunter2hunter2\n")
    return tmp_path


def load(folder: Path, text: str) -> FileConfiguration:
    path = folder / "alerts.yaml"
    path.write_text(text)
    return load_configuration(path, {"SLACK_URL": "https://hooks.slack.example/T0P"})


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as error:
        load(folder, text)
    return [line.strip() for line in error.value.message.splitlines()[1:]]


def test_file_is_read_whole(folder: Path) -> None:
    found = load(folder, GOOD)
    targets = [target.uid for receiver in found.receivers for target in receiver.targets]
    assert targets == [
        "/pager/pagerduty/0", "/pager/alertmanager/1", "/pager/alertmanager/2", "/pager/slack/3",
        "/mail/email/0", "/mail/email/1",
    ]  # fmt: skip
    assert [route.receiver for route in found.root.walk()] == ["default", "pager", "mail"]
    assert found.root.children[0].timing.group_wait_s == 0.0
    assert found.root.children[0].mute[0].name == "nights"
    assert len(found.inhibitions) == 1
    assert {path.name for path in found.files} == {"pagerduty.key", "mail.password"}


def test_secrets_come_from_files_and_variables(folder: Path) -> None:
    pager = load(folder, GOOD).receivers[1]
    slack = pager.targets[3].channel
    assert isinstance(slack, Slack)
    assert slack.url.get_secret_value() == "https://hooks.slack.example/T0P"
    assert list(pager.targets[0].channel.hidden()) == [ROUTING_KEY]


def test_every_error_is_told_at_once_with_its_place(folder: Path) -> None:
    text = """
route:
  receiver: nobody
  group_wait: 5 minutes
  mathcers: [a=b]
  routes:
    - matchers: ['a=~"("']
      mute_time_intervals: [never]
receivers:
  - name: pager
    pagerduty_configs:
      - routing_key: short
      - routing_key_file: missing.key
      - routing_key_env: MISSING
    slack_config: []
  - name: pager
time_intervals:
  - name: nights
    time_intervals:
      - weekdays: [mondays]
        times: [{start_time: '9', end_time: '10:00'}]
"""
    found = faults(folder, text)
    places = [line.split(": ")[0] for line in found]
    assert "alerts.yaml:4:15" in places
    assert "alerts.yaml:5:3" in places
    joined = "\n".join(found)
    assert "Did you mean 'matchers'?" in joined
    assert "no regular expression of RE2" in joined
    assert "Did you mean 'slack_configs'?" in joined
    assert "missing.key' can't be read: No such file" in joined
    assert "no variable 'MISSING'" in joined
    assert "'mondays' is no range" in joined
    assert "Expected hours and minutes" in joined


def test_names_that_nothing_has_are_errors(folder: Path) -> None:
    text = """
route:
  receiver: nobody
  matchers: [a=b]
  routes: [{mute_time_intervals: [never]}]
receivers: [{name: pager}, {name: pager}]
"""
    found = faults(folder, text)
    assert [line.split(": ", 1) for line in found] == [
        ["alerts.yaml:3:13", "There is no receiver 'nobody'. There is: pager."],
        ["alerts.yaml:4:13", "The first route takes every alert: it has no matchers."],
        ["alerts.yaml:5:35", "There is no time interval 'never'."],
        ["alerts.yaml:6:35", "The name 'pager' is taken already."],
    ]


@pytest.mark.parametrize(
    "field",
    [
        "routing_key: T0PSECRET",
        "routing_keys: T0PSECRET",
        "routing_key: [T0PSECRET]",
        "routing_key: {value: T0PSECRET}",
        "severity: T0PSECRET",
    ],
)
def test_error_about_a_receiver_shows_no_value(folder: Path, field: str) -> None:
    text = f"route: {{}}\nreceivers: [{{name: a, pagerduty_configs: [{{{field}}}]}}]\n"
    assert "T0PSECRET" not in "\n".join(faults(folder, text))


@pytest.mark.parametrize(
    "text", ["", "[]", "1", "route:", "route: {", "a: b", "\x00", "route: &a {routes: [*a]}"]
)
def test_file_that_is_none_is_refused(folder: Path, text: str) -> None:
    assert faults(folder, text)


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        load_configuration(tmp_path / "missing.yaml", {})


def test_repr_shows_no_secret(folder: Path) -> None:
    found = load(folder, GOOD)
    assert ROUTING_KEY not in repr(found)
    assert "hunter2" not in repr(found)


def test_password_needs_encryption(folder: Path) -> None:
    mail = "to: a@b.c, from: a@b.c, smarthost: 'm:25', auth_username: u, auth_password: p, require_tls: false"
    text = f"route: {{}}\nreceivers: [{{name: a, email_configs: [{{{mail}}}]}}]\n"
    assert "not sent without encryption" in faults(folder, text)[0]


def test_example_of_the_documentation_is_read(folder: Path) -> None:
    page = (Path(__file__).parents[4] / "docs" / "notifications.md").read_text("utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    address = "https://hooks.example/x"
    secrets = {"pagerduty": ROUTING_KEY, "teams": address, "mail": "x", "healthchecks": address}
    for name, secret in secrets.items():
        (folder / name).write_text(secret)
    path = folder / "alerts.yaml"
    path.write_text(example.replace("/run/secrets/", ""))
    found = load_configuration(path, {"SLACK_WEBHOOK": "https://hooks.slack.example/x"})
    assert [receiver.name for receiver in found.receivers] == ["pager", "chat", "teams", "watch-the-watcher"]
    assert len(found.inhibitions) == 1


OUTAGE = {"alertname": "ProviderOutageRecently", "project": "shop", "environment": "live", "provider": "a"}
RATE = OUTAGE | {"alertname": "ErrorRateHigh", "model": "m", "severity": "page"}


def test_what_follows_from_an_outage_is_held_back_unless_the_file_says_otherwise(folder: Path) -> None:
    rules = load(folder, "route: {}").inhibitions
    held = Inhibition(rules, [OUTAGE])
    assert held.holds_back(RATE)
    assert held.holds_back(RATE | {"alertname": "ErrorBudgetFastBurn"})
    for other in (
        {"provider": "b"},
        {"environment": "test"},
        {"project": "other"},
        {"alertname": "NoTraffic"},
    ):
        assert not held.holds_back(RATE | other)
    assert load(folder, "route: {}\ninhibit_rules: []").inhibitions == ()


def test_alert_of_severity_none_is_told_to_nobody(folder: Path) -> None:
    root = load(folder, "route: {receiver: a}\nreceivers: [{name: a}]").root
    found = Configuration((root,))
    assert len(found.routes_of("shop", RATE)) == 1
    assert found.routes_of("shop", OUTAGE | {"severity": "none"}) == []


def test_channel_of_every_kind_may_stand_in_the_file(folder: Path) -> None:
    text = """
route: {receiver: all}
receivers:
  - name: all
    webhook_configs: [{url: 'https://a.example/'}]
    teams_configs: [{url: 'https://a.example/'}]
    heartbeat_configs: [{url: 'https://a.example/', interval_s: 60}]
    apprise_configs: [{url: 'ntfy://topic'}]
"""
    (receiver,) = load(folder, text).receivers
    assert [target.channel.kind for target in receiver.targets] == [
        "webhook",
        "teams",
        "heartbeat",
        "apprise",
    ]
    assert isinstance(receiver.targets[0].channel, Webhook)
