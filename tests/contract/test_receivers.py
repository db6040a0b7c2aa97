"""What every channel of a receiver does, over real connections."""

import base64
import json
import logging
import os
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError
from watchkeeper_collector.alerts.notify.channels.alertmanager import Alertmanager
from watchkeeper_collector.alerts.notify.channels.catalogue import CHANNELS, secret_fields
from watchkeeper_collector.alerts.notify.channels.channel import Channel, read_retry_after_s
from watchkeeper_collector.alerts.notify.channels.heartbeat import Heartbeat
from watchkeeper_collector.alerts.notify.channels.pagerduty import PagerDuty
from watchkeeper_collector.alerts.notify.channels.slack import Slack
from watchkeeper_collector.alerts.notify.channels.teams import Teams
from watchkeeper_collector.alerts.notify.channels.webhook import Webhook
from watchkeeper_collector.alerts.notify.message import Answer, Delivered, Refused, Request, Retry
from watchkeeper_collector.alerts.notify.sending.egress import Egress
from watchkeeper_collector.alerts.notify.sending.policy import EgressPolicy
from watchkeeper_collector.alerts.notify.sending.sender import hide

from tests.notify import ROUTING_KEY, T0, at, local_egress, message, notice
from tests.notify.services import (
    Check,
    PagerDutyRules,
    Received,
    Service,
    alertmanager_rules,
    any_rules,
    slack_rules,
    teams_rules,
)

TOKEN = "T0PSECRETTOKEN"
KEY = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
HOSTILE = (
    "<!channel> <https://evil.example|click> & *bold* [x](https://evil.example) \x1b[2J\u202e\r\nBcc: a@b.c"
)


@dataclass(frozen=True)
class Case:
    """A channel to a service at a URL, and what the service demands."""

    build: Callable[[str], Channel]
    rules: Callable[[], Check]


CASES = {
    "pagerduty": Case(
        lambda url: PagerDuty.model_validate({"routing_key": ROUTING_KEY, "url": url}),
        lambda: PagerDutyRules(ROUTING_KEY),
    ),
    "alertmanager": Case(
        lambda url: Alertmanager.model_validate({"urls": [url], "username": "wk", "password": TOKEN}),
        lambda: alertmanager_rules,
    ),
    "webhook": Case(
        lambda url: Webhook.model_validate({"url": f"{url}/{TOKEN}", "secret": KEY}), lambda: any_rules
    ),
    "webhook of version 4": Case(
        lambda url: Webhook.model_validate({"url": f"{url}/{TOKEN}", "format": "alertmanager"}),
        lambda: any_rules,
    ),
    "slack": Case(lambda url: Slack.model_validate({"url": f"{url}/{TOKEN}"}), lambda: slack_rules),
    "teams": Case(lambda url: Teams.model_validate({"url": f"{url}/{TOKEN}"}), lambda: teams_rules),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def service(case: Case) -> Iterator[Service]:
    with Service(case.rules()) as service:
        yield service


@pytest.fixture
def channel(case: Case, service: Service) -> Channel:
    return case.build(service.url)


# --- what is taken, what is tried again, what is not


def test_alert_that_fires_and_one_that_resolved_are_taken(channel: Channel, service: Service) -> None:
    egress = local_egress()
    assert channel.send(message(notice()), egress) == Delivered()
    assert channel.send(message(notice(status="resolved", ends_at=at(60))), egress) == Delivered()
    assert len(service.taken) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_refusal_is_not_tried_again(channel: Channel, service: Service, status: int) -> None:
    service.script = [status]
    outcome = channel.send(message(), local_egress())
    assert outcome == Refused(f"HTTP {status}: scripted")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(channel: Channel, service: Service, status: int) -> None:
    service.script = [status]
    assert channel.send(message(), local_egress()) == Retry(f"HTTP {status}: scripted")


def test_time_to_wait_is_heeded(channel: Channel, service: Service) -> None:
    service.script = [(429, {"Retry-After": "17"}, b"slow down")]
    assert channel.send(message(), local_egress()) == Retry("HTTP 429: slow down", 17.0)


@pytest.mark.parametrize("fault", ["silence", "reset", "drip"])
def test_service_that_does_not_answer_is_tried_again(channel: Channel, service: Service, fault: str) -> None:
    service.script = [fault]
    outcome = channel.send(message(), local_egress(timeout_s=0.3))
    assert isinstance(outcome, Retry)
    assert outcome.problem


def test_service_that_is_not_there_is_tried_again(case: Case) -> None:
    with Service() as gone:
        url = gone.url
    outcome = case.build(url).send(message(), local_egress())
    assert isinstance(outcome, Retry)
    assert "refused" in outcome.problem


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(channel: Channel, service: Service, status: int) -> None:
    with Service() as other:
        service.script = [(status, {"Location": f"{other.url}/stolen"}, b"")]
        outcome = channel.send(message(), local_egress())
        assert other.received == []
    assert isinstance(outcome, Refused)
    assert "redirects are not followed" in outcome.problem


def test_410_says_that_the_target_is_gone(channel: Channel, service: Service) -> None:
    service.script = [410]
    assert channel.send(message(), local_egress()) == Refused("HTTP 410: scripted", is_gone=True)


def test_long_answer_is_not_read_to_its_end(channel: Channel, service: Service) -> None:
    service.script = [(400, {}, b"x" * (4 << 20))]
    outcome = channel.send(message(), local_egress())
    assert isinstance(outcome, Refused)
    assert len(outcome.problem) < 300


def test_private_address_is_refused(channel: Channel, service: Service) -> None:
    outcome = channel.send(message(), Egress(EgressPolicy()))
    assert isinstance(outcome, Refused)
    assert "egress_allow" in outcome.problem
    assert service.received == []


# --- limits


def test_hundreds_of_alerts_with_long_texts_keep_the_limits(channel: Channel, service: Service) -> None:
    long = {"summary": "ä<&>" * 2000, "description": HOSTILE * 500}
    notices = [notice(labels={"model": f"m{number}"}, annotations=long) for number in range(100)]
    links = {"page_url": "https://wk.example/alerts", "acknowledge_url": "https://wk.example/a"}
    assert channel.send(message(*notices, truncated=300, **links), local_egress()) == Delivered()


@given(
    name=st.text(min_size=1, max_size=40),
    value=st.text(max_size=200),
    figure=st.floats(allow_nan=True, allow_infinity=True),
)
def test_whatever_labels_hold_is_taken(name: str, value: str, figure: float) -> None:
    labels, said = {name: value, "attr.a b": value}, {"summary": value, name: value}
    fired = notice("Any", labels=labels, annotations=said, value=figure, figures={name: figure})
    for case in CASES.values():
        channel = case.build("http://127.0.0.1:1")
        for request in channel.build_requests(message(fired)):  # type: ignore[attr-defined]
            case.rules()(_received(request))


def _received(request: Request) -> Received:
    path = "/" + request.url.partition("127.0.0.1:1/")[2]
    return Received(request.method, path, request.headers, request.body)


# --- secrets


def test_secret_is_in_no_repr_log_or_problem(
    channel: Channel, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hidden = [one for one in channel.hidden() if one]
    echoed = " ".join(hidden).encode()
    service.script = [(400, {}, echoed), (500, {}, echoed), "reset"]
    told = []
    for _ in range(3):
        outcome = channel.send(message(), local_egress())
        assert not isinstance(outcome, Delivered)
        told.append(repr(hide(outcome, channel)))
    requests = repr(channel.build_requests(message()))  # type: ignore[attr-defined]
    texts = [repr(channel), str(channel), requests, caplog.text, *told]
    assert [secret for secret in hidden for text in texts if secret in text] == []


@pytest.mark.parametrize("kind", CHANNELS)
def test_error_of_configuration_shows_nothing_that_was_given(kind: str) -> None:
    fields = dict.fromkeys([*CHANNELS[kind].model_fields, *secret_fields(CHANNELS[kind])], f"{TOKEN} \n")
    with pytest.raises(ValidationError) as error:
        CHANNELS[kind].model_validate(fields)
    assert TOKEN not in str(error.value)


# --- PagerDuty


@pytest.fixture
def pagerduty() -> Iterator[tuple[PagerDuty, Service, PagerDutyRules]]:
    rules = PagerDutyRules(ROUTING_KEY)
    with Service(rules) as service:
        yield PagerDuty.model_validate({"routing_key": ROUTING_KEY, "url": service.url}), service, rules


def test_incident_is_triggered_acknowledged_and_resolved_under_one_key(
    pagerduty: tuple[PagerDuty, Service, PagerDutyRules],
) -> None:
    channel, _, rules = pagerduty
    for action in ("firing", "acknowledged", "resolved"):
        assert channel.hears(message(action=action).notification)
        assert channel.send(message(action=action), local_egress()) == Delivered()
    assert list(rules.incidents.values()) == [["trigger", "acknowledge", "resolve"]]


def test_key_is_the_same_in_every_attempt(pagerduty: tuple[PagerDuty, Service, PagerDutyRules]) -> None:
    channel, service, rules = pagerduty
    service.script = [500, "reset", 429]
    for attempt in range(4):
        channel.send(message(sent_at=at(attempt * 60)), local_egress())
    assert {request.json()["dedup_key"] for request in service.received} == set(rules.incidents)
    assert rules.opened == 1


def test_change_wakes_nobody(pagerduty: tuple[PagerDuty, Service, PagerDutyRules]) -> None:
    channel, _, rules = pagerduty
    released = notice("NewRelease", labels={"event": "change"})
    assert channel.send(message(released), local_egress()) == Delivered()
    over = notice("NewRelease", labels={"event": "change"}, status="resolved")
    assert channel.send(message(over), local_egress()) == Delivered()
    assert rules.incidents == {}
    assert [change["payload"]["summary"] for change in rules.changes] == [
        "[FIRING:1] NewRelease shop: NewRelease is too high"
    ]


def test_event_over_512_kb_loses_its_details_and_says_so(
    pagerduty: tuple[PagerDuty, Service, PagerDutyRules],
) -> None:
    channel, service, _ = pagerduty
    huge = notice(annotations={"description": "x" * 600_000})
    assert channel.send(message(huge), local_egress()) == Delivered()
    (event,) = [request.json() for request in service.taken]
    assert "left out" in event["payload"]["custom_details"]["note"]


def test_european_accounts_have_their_own_host() -> None:
    (request,) = PagerDuty.model_validate({"routing_key": ROUTING_KEY, "region": "eu"}).build_requests(
        message()
    )
    assert request.url == "https://events.eu.pagerduty.com/v2/enqueue"


@pytest.mark.parametrize(
    "key", ["", "short", ROUTING_KEY + "0", "é" * 32, "0123456789abcdef 123456789abcdef"]
)
def test_key_that_can_be_none_is_refused(key: str) -> None:
    with pytest.raises(ValidationError, match="Expected 32 letters and digits"):
        PagerDuty.model_validate({"routing_key": key})


# --- Alertmanager


def test_old_alert_begins_now_for_a_peer_that_may_have_forgotten_it() -> None:
    channel = Alertmanager.model_validate({"urls": ["http://a"]})
    young, old = message(notice(), sent_at=at(5)), message(notice(ends_at=at(900)), sent_at=at(600))
    starts = [
        json.loads(request.body)[0]["startsAt"]
        for one in (young, old)
        for request in channel.build_requests(one)
    ]
    assert starts == [T0.isoformat(), at(600).isoformat()]


def test_every_peer_is_a_target_of_its_own() -> None:
    channel = Alertmanager.model_validate({"urls": ["http://a:9093", "http://b:9093/am/"]})
    urls = [
        request.url
        for part in channel.split()
        for request in part.build_requests(message())  # type: ignore[attr-defined]
    ]
    assert urls == ["http://a:9093/api/v2/alerts", "http://b:9093/am/api/v2/alerts"]


def test_names_that_alertmanager_does_not_take_stay_apart() -> None:
    channel = Alertmanager.model_validate({"urls": ["http://a"]})
    odd = notice(labels={"attr.tenant": "1", "attr-tenant": "2", "9": "3", "empty": ""})
    (request,) = channel.build_requests(message(odd))
    labels = json.loads(request.body)[0]["labels"]
    assert labels == {
        "alertname": "ErrorRateHigh", "project": "shop", "attr_tenant": "1", "attr_tenant_2": "2", "_9": "3",
    }  # fmt: skip


# --- webhooks


def _signed(channel: Webhook, sent_at: datetime) -> tuple[bytes, dict[str, str]]:
    (request,) = channel.build_requests(message(sent_at=sent_at))
    return request.body, dict(request.headers)


def test_signature_is_what_the_standards_own_library_expects() -> None:
    body, headers = _signed(Webhook.model_validate({"url": "http://a", "secret": KEY}), datetime.now(UTC))
    assert Verifier(KEY).verify(body, headers)["type"] == "alert.firing"
    with pytest.raises(WebhookVerificationError):
        Verifier(KEY).verify(body.replace(b"firing", b"broken"), headers)


def test_both_keys_sign_while_they_are_exchanged() -> None:
    new = "whsec_" + base64.b64encode(os.urandom(32)).decode()
    fields = {"url": "http://a", "secret": new, "previous_secret": KEY}
    body, headers = _signed(Webhook.model_validate(fields), datetime.now(UTC))
    for key in (new, KEY):
        Verifier(key).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier("whsec_" + base64.b64encode(os.urandom(32)).decode()).verify(body, headers)


def test_attempt_of_long_ago_is_no_longer_believed() -> None:
    channel = Webhook.model_validate({"url": "http://a", "secret": KEY})
    body, headers = _signed(channel, datetime.now(UTC) - timedelta(hours=1))
    with pytest.raises(WebhookVerificationError, match="too old"):
        Verifier(KEY).verify(body, headers)


def test_id_stays_and_time_moves_over_attempts() -> None:
    channel = Webhook.model_validate({"url": "http://a", "secret": KEY})
    first, second = (_signed(channel, at(seconds))[1] for seconds in (0, 300))
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 300


def test_payload_of_version_4_has_alertmanagers_fields() -> None:
    channel = Webhook.model_validate({"url": "http://a", "format": "alertmanager"})
    (request,) = channel.build_requests(message(notice(), notice("Other", status="resolved")))
    payload = json.loads(request.body)
    assert payload["version"] == "4"
    assert set(payload) == {
        "version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels",
        "commonAnnotations", "externalURL", "notification_reason", "alerts",
    }  # fmt: skip
    assert set(payload["alerts"][0]) == {
        "status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint",
    }  # fmt: skip
    assert [alert["endsAt"][:4] for alert in payload["alerts"]] == ["0001", "2026"]


@pytest.mark.parametrize("key", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", "whsec_" + "A" * 200])
def test_key_of_the_wrong_size_is_refused(key: str) -> None:
    with pytest.raises(ValidationError, match="24 to 64 random bytes"):
        Webhook.model_validate({"url": "http://a", "secret": key})


@pytest.mark.parametrize(
    "url", ["", "example.org", "ftp://a/b", "http://", "http://u:p@a/", "http://a/\nb", "http://a:99999/"]
)
def test_address_of_no_web_server_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="address"):
        Webhook.model_validate({"url": url})


# --- Slack and Teams


def test_text_of_others_forges_neither_links_nor_mentions_in_slack() -> None:
    (request,) = Slack.model_validate({"url": "http://a"}).build_requests(
        message(notice(annotations={"summary": HOSTILE}, labels={"user": HOSTILE}))
    )
    content = json.loads(request.body)
    texts = [content["text"]] + [
        block["text"]["text"]
        for block in content["blocks"]
        if "text" in block and block["text"]["type"] == "mrkdwn"
    ]
    assert [text for text in texts if "<" in text or ">" in text] == []
    assert "\x1b" not in request.body.decode()


def test_mention_goes_with_what_fires_only() -> None:
    channel = Slack.model_validate({"url": "http://a", "mention": "<!subteam^S012AB3CD>"})
    fired, over = (
        channel.build_requests(message(notice(status=status)))[0].body.decode()
        for status in ("firing", "resolved")
    )
    assert fired.count("<!subteam^S012AB3CD>") == 2
    assert "subteam" not in over


def test_markup_of_others_is_text_in_teams() -> None:
    (request,) = Teams.model_validate({"url": "http://a"}).build_requests(
        message(notice(annotations={"summary": HOSTILE}))
    )
    texts = [block["text"] for block in json.loads(request.body)["attachments"][0]["content"]["body"]]
    assert "\\[x\\]\\(https://evil.example\\)" in " ".join(texts)


def test_refusal_within_an_accepting_answer_of_teams_is_tried_again() -> None:
    said = b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"
    channel = Teams.model_validate({"url": "http://a"})
    assert isinstance(channel.read_answer(Answer(200, {}, said)), Retry)


# --- the rest


def test_heartbeat_is_heard_by_whoever_waits_for_it() -> None:
    with Service() as service:
        for method in ("GET", "POST", "HEAD"):
            channel = Heartbeat.model_validate({"url": f"{service.url}/beat", "method": method})
            assert channel.hears(message(action="heartbeat").notification)
            assert not channel.hears(message().notification)
            assert channel.send(message(action="heartbeat"), local_egress()) == Delivered()
        assert [request.method for request in service.received] == ["GET", "POST", "HEAD"]


@pytest.mark.parametrize("kind", CHANNELS)
def test_resolution_is_not_sent_where_nobody_wants_it(kind: str) -> None:
    channel = CHANNELS[kind].model_construct(send_resolved=False)
    over = message(notice(status="resolved")).notification
    assert channel.hears(over) == (kind == "alertmanager")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0.0), ("2.5", 2.5), ("99999999", 3600.0), ("-1", None), ("soon", None), ("", None)],
)
def test_time_to_wait_is_read(text: str, seconds: float | None) -> None:
    assert read_retry_after_s(Answer(429, {"retry-after": text})) == seconds


def test_date_to_wait_for_counts_from_the_answers_own() -> None:
    headers = {
        "retry-after": "Mon, 02 Mar 2026 12:02:00 GMT",
        "date": "Mon, 02 Mar 2026 12:00:30 GMT",
    }
    assert read_retry_after_s(Answer(503, headers)) == 90.0


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_apprise_reaches_what_has_no_channel_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with Service() as service:
        url = service.url.replace("http://", "json://")
        channel = CHANNELS["apprise"].model_validate({"url": f"{url}/{TOKEN}"})
        assert channel.send(message(), local_egress()) == Delivered()
        assert "ErrorRateHigh" in service.received[0].body.decode()
        service.script = [500]
        assert isinstance(channel.send(message(), local_egress()), Retry)
    unknown = CHANNELS["apprise"].model_validate({"url": "nothing-like-it://x"})
    assert isinstance(unknown.send(message(), local_egress()), Refused)


def test_certificate_of_nobody_is_not_trusted() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Service() as service:
        assert service._server is not None
        server = service._server
        server.socket = context.wrap_socket(server.socket, server_side=True)
        channel = Webhook.model_validate({"url": service.url.replace("http:", "https:")})
        outcome = channel.send(message(), local_egress())
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        assert channel.send(message(), local_egress(ssl_context=trusting)) == Delivered()
    assert isinstance(outcome, Retry)
    assert "certificate" in outcome.problem.lower()
