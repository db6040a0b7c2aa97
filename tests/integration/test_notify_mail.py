"""E-mail to a real server: encryption, logins, refusals, greylisting, threads, hostile text."""

import pytest
from watchkeeper_collector.alerts.notify.channels.mail import Mail
from watchkeeper_collector.alerts.notify.message import Delivered, Refused, Retry
from watchkeeper_collector.alerts.notify.sending.egress import Egress
from watchkeeper_collector.alerts.notify.sending.policy import EgressPolicy
from watchkeeper_collector.alerts.notify.sending.sender import hide

from tests.notify import at, local_egress, message, notice
from tests.notify.mail_server import PASSWORD, MailServer


def mail(server: MailServer, **others: object) -> Mail:
    fields = {"to": "oncall@example.org", "from": "watchkeeper@example.org", "smarthost": server.smarthost}
    return Mail.model_validate(fields | others)


LOGIN = {"auth_username": "wk", "auth_password": PASSWORD}


def test_mail_goes_encrypted_by_starttls_after_a_login() -> None:
    with MailServer(needs_login=True) as server:
        egress = local_egress(ssl_context=server.trusting)
        assert mail(server, **LOGIN).send(message(), egress) == Delivered()
        (found,) = server.boxes.mails
        assert (server.boxes.logins, server.boxes.was_encrypted) == (["wk"], [True])
        assert found["Subject"] == "[FIRING:1] ErrorRateHigh shop: ErrorRateHigh is too high"
        assert (found["From"], found["To"]) == ("watchkeeper@example.org", "oncall@example.org")
        assert {part.get_content_type() for part in found.iter_parts()} == {"text/plain", "text/html"}


def test_mail_goes_by_tls_from_the_start() -> None:
    with MailServer(is_implicit=True, needs_login=True) as server:
        channel = mail(server, implicit_tls=True, **LOGIN)
        assert channel.send(message(), local_egress(ssl_context=server.trusting)) == Delivered()
        assert server.boxes.was_encrypted == [True]


def test_wrong_password_is_refused_and_never_told() -> None:
    with MailServer(needs_login=True) as server:
        channel = mail(server, auth_username="wk", auth_password="wrong-password")
        outcome = channel.send(message(), local_egress(ssl_context=server.trusting))
        assert isinstance(outcome, Refused)
        assert outcome.problem.startswith("SMTP 535")
        assert "wrong-password" not in repr((hide(outcome, channel), channel))
        assert server.boxes.mails == []


def test_server_without_encryption_is_sent_nothing() -> None:
    with MailServer(has_starttls=False) as server:
        outcome = mail(server).send(message(), local_egress())
        assert isinstance(outcome, Refused)
        assert "no encryption" in outcome.problem
        assert server.boxes.mails == []


def test_without_encryption_only_where_it_is_said() -> None:
    with MailServer(has_starttls=False) as server:
        assert mail(server, require_tls=False).send(message(), local_egress()) == Delivered()
        assert server.boxes.was_encrypted == [False]


def test_certificate_of_nobody_is_sent_nothing() -> None:
    with MailServer() as server:
        outcome = mail(server).send(message(), local_egress())
        assert isinstance(outcome, Retry)
        assert "certificate" in outcome.problem
        assert server.boxes.mails == []


@pytest.mark.parametrize("answer", ["450 4.2.0 Greylisted, try again", "451 4.3.0 Later", "421 Too busy"])
def test_greylisting_is_tried_again(answer: str) -> None:
    with MailServer() as server:
        egress = local_egress(ssl_context=server.trusting)
        server.boxes.to_recipient = [answer]
        assert mail(server).send(message(), egress) == Retry(f"SMTP {answer[:3]}: {answer[4:]}")
        assert mail(server).send(message(), egress) == Delivered()
        assert len(server.boxes.mails) == 1


@pytest.mark.parametrize("answer", ["550 5.1.1 No such user", "554 5.7.1 Spam"])
def test_refusal_is_final(answer: str) -> None:
    with MailServer() as server:
        egress = local_egress(ssl_context=server.trusting)
        server.boxes.to_recipient = [answer]
        assert mail(server).send(message(), egress) == Refused(f"SMTP {answer[:3]}: {answer[4:]}")
        server.boxes.to_message = [answer]
        assert mail(server).send(message(), egress) == Refused(f"SMTP {answer[:3]}: {answer[4:]}")


def test_server_that_is_not_there_is_tried_again() -> None:
    with MailServer() as server:
        channel = mail(server)
    assert isinstance(channel.send(message(), local_egress()), Retry)


def test_server_on_a_private_address_is_refused() -> None:
    with MailServer() as server:
        outcome = mail(server).send(message(), Egress(EgressPolicy()))
    assert isinstance(outcome, Refused)
    assert "egress_allow" in outcome.problem


def test_everybody_gets_a_mail_of_their_own() -> None:
    with MailServer() as server:
        channel = mail(server, to="a@example.org, b@example.org")
        for part in channel.split():
            assert part.send(message(), local_egress(ssl_context=server.trusting)) == Delivered()
        assert server.boxes.recipients == ["a@example.org", "b@example.org"]
        assert [found["To"] for found in server.boxes.mails] == ["a@example.org", "b@example.org"]


def test_mails_about_one_alert_are_one_thread() -> None:
    with MailServer() as server:
        egress = local_egress(ssl_context=server.trusting)
        over = notice(status="resolved", ends_at=at(60))
        sent = [message(), message(reason="repeat", id="msg_01"), message(over, id="msg_02")]
        for one in [*sent, sent[2]]:
            assert mail(server).send(one, egress) == Delivered()
        first, second, third, again = server.boxes.mails
    thread, incident = first["References"], first["Message-ID"]
    assert [one["In-Reply-To"] for one in (first, second, third)] == [thread, incident, incident]
    assert second["References"] == third["References"] == f"{thread} {incident}"
    assert len({one["Message-ID"] for one in (first, second, third)}) == 3
    assert third["Message-ID"] == again["Message-ID"]


def test_text_of_others_makes_no_header_and_no_markup() -> None:
    evil = 'x\r\nBcc: victim@example.org\r\n\r\n<script>alert(1)</script> "\u2028\x00'
    with MailServer() as server:
        hostile = notice(annotations={"summary": evil}, labels={"user": evil, "b\nBcc": evil})
        assert mail(server).send(message(hostile), local_egress(ssl_context=server.trusting)) == Delivered()
        (found,) = server.boxes.mails
        assert server.boxes.recipients == ["oncall@example.org"]
    assert found["Bcc"] is None
    html = found.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()


@pytest.mark.parametrize(
    "to", ["", "nobody", "a@b\r\nBcc: c@d.e", "A <a@b.c>", "a@b.c; d@e.f", "a b@c.d", "@b.c", "a@", "ä@b.c"]
)
def test_address_that_is_none_is_refused(to: str) -> None:
    fields = {"to": [to], "from": "a@b.c", "smarthost": "m:25"}
    with pytest.raises(ValueError, match="no address of a mailbox"):
        Mail.model_validate(fields)
    with pytest.raises(ValueError, match="no address of a mailbox"):
        Mail.model_validate({"to": "a@b.c", "from": to, "smarthost": "m:25"})
