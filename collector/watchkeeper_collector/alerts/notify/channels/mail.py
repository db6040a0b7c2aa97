"""E-mail: one message per person, encrypted on the way, in one thread per group of alerts."""

import html
import re
import smtplib
import socket
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from watchkeeper_collector.alerts.notify.channels.channel import NETWORK_ERRORS, Channel, describe_failure
from watchkeeper_collector.alerts.notify.message import Delivered, Message, Outcome, Refused, Retry
from watchkeeper_collector.alerts.notify.sending.egress import TIMEOUT_S, Egress
from watchkeeper_collector.alerts.notify.wording import message_links, one_line, plain_text, subject, title
from watchkeeper_collector.errors import ForbiddenError

MOST_SUBJECT_CHARS = 200
MOST_ADDRESS_CHARS = 254
ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
"""What HTML takes for one: https://html.spec.whatwg.org/#valid-e-mail-address"""


def _check_address(text: str) -> str:
    """Raise ``ValueError`` unless the text is one address, without a name before it."""
    if len(text) > MOST_ADDRESS_CHARS or not ADDRESS.fullmatch(text):
        raise ValueError("This is no address of a mailbox. Expected name@example.org.")
    return text


def _check_smarthost(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and 0 < int(port) < 65536) or any(
        c.isspace() for c in text
    ):
        raise ValueError("This is no mail server. Expected its name and port, as in mail.example.org:587.")
    return text


def _split(text: Any) -> Any:
    return [part.strip() for part in text.split(",")] if isinstance(text, str) else text


MailAddress = Annotated[str, AfterValidator(_check_address)]


class Mail(Channel):
    """Names as Alertmanager's. ``implicit_tls`` is for port 465; without it STARTTLS is demanded."""

    kind: ClassVar[str] = "email"

    to: Annotated[tuple[MailAddress, ...], BeforeValidator(_split), Field(min_length=1, max_length=50)]
    from_: Annotated[MailAddress, Field(alias="from")]
    smarthost: Annotated[str, AfterValidator(_check_smarthost)]
    hello: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,253}$")] = "localhost"
    auth_username: Annotated[str, Field(max_length=320)] = ""
    auth_password: SecretStr = SecretStr("")
    require_tls: bool = True
    implicit_tls: bool = False

    @model_validator(mode="after")
    def _check_password(self) -> "Mail":
        if self.auth_username and not (self.require_tls or self.implicit_tls):
            raise ValueError("A password is not sent without encryption: set require_tls or implicit_tls.")
        return self

    def split(self) -> Sequence[Channel]:
        return [self.model_copy(update={"to": (person,)}) for person in self.to]

    def send(self, message: Message, egress: Egress) -> Outcome:
        try:
            with self._open(egress) as server:
                refused = server.send_message(self.build_mail(message), self.from_, list(self.to))
        except ForbiddenError as error:
            return Refused(error.message)
        except smtplib.SMTPRecipientsRefused as error:
            return _read_codes(error.recipients)
        except smtplib.SMTPResponseException as error:
            return _read_code(error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError as error:
            return Refused(f"{one_line(str(error), 200)} The server offers no encryption, or no such login.")
        except (smtplib.SMTPException, *NETWORK_ERRORS) as error:
            return Retry(describe_failure(error))
        return _read_codes(refused)

    def build_mail(self, message: Message) -> EmailMessage:
        notification = message.notification
        domain = self.from_.rpartition("@")[2]
        is_first = notification.reason == "first"
        incident, thread = f"<{notification.key}@{domain}>", f"<{notification.thread}@{domain}>"
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self.from_
        mail["To"] = ", ".join(self.to)
        mail["Subject"] = one_line(title(notification), MOST_SUBJECT_CHARS)
        mail["Thread-Topic"] = one_line(subject(notification), MOST_SUBJECT_CHARS)
        mail["Date"] = format_datetime(message.sent_at)
        mail["Message-ID"] = incident if is_first else f"<{message.id}@{domain}>"
        mail["References"] = thread if is_first else f"{thread} {incident}"
        mail["In-Reply-To"] = thread if is_first else incident
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Watchkeeper-Key"] = notification.key
        text = plain_text(message)
        mail.set_content(text)
        mail.add_alternative(_render_html(text, message), subtype="html")
        return mail

    def _open(self, egress: Egress) -> smtplib.SMTP:
        host, _, port = self.smarthost.rpartition(":")
        kind = _ImplicitServer if self.implicit_tls else _Server
        server = kind(egress, host.strip("[]"), int(port), self.hello)
        try:
            if not self.implicit_tls and self.require_tls:
                server.starttls(context=egress.ssl_context)
            if self.auth_username:
                server.login(self.auth_username, self.auth_password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server


class _Server(smtplib.SMTP):
    """A mail server at an address that was looked at."""

    def __init__(self, egress: Egress, host: str, port: int, hello: str) -> None:
        self._egress = egress
        super().__init__(host, port, hello, timeout=TIMEOUT_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found: socket.socket = self._egress.connect(host, port, timeout)
        found.settimeout(timeout)
        return found


class _ImplicitServer(_Server):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = super()._get_socket(host, port, timeout)
        try:
            wrapped: ssl.SSLSocket = self._egress.ssl_context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise
        return wrapped


def _read_codes(refused: dict[str, tuple[int, bytes]]) -> Outcome:
    """What became of the recipients that were not taken."""
    for code, said in refused.values():
        return _read_code(code, said)
    return Delivered()


def _read_code(code: int, said: Any) -> Outcome:
    """4xx is for a while, as greylisting says; 5xx is for good; -1 is no answer."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    problem = f"SMTP {code}: {one_line(text, 200)}"
    return Refused(problem) if 500 <= code < 600 else Retry(problem)


def _render_html(text: str, message: Message) -> str:
    links = "".join(
        f'<p><a href="{html.escape(url)}">{html.escape(word)}</a></p>' for word, url in message_links(message)
    )
    return f"<html><body><pre>{html.escape(text)}</pre>{links}</body></html>"
