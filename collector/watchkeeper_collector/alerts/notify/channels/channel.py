"""What every channel is: a frozen piece of configuration that knows how to send a message its way."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpcore
from pydantic import BaseModel, ConfigDict, SecretStr

from watchkeeper_collector.alerts.notify.message import (
    Answer,
    Delivered,
    Message,
    Outcome,
    Refused,
    Request,
    Retry,
)
from watchkeeper_collector.alerts.notify.notification import Notification
from watchkeeper_collector.alerts.notify.sending.egress import Egress
from watchkeeper_collector.errors import ForbiddenError

NETWORK_ERRORS = (
    httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.ProxyError, OSError,
)  # fmt: skip
FAILURES: dict[type[Exception], str] = {
    httpcore.ConnectTimeout: "The connection was not made in time",
    httpcore.ReadTimeout: "There was no answer in time",
}
RETRIED = frozenset({408, 425, 429})
MOST_SHOWN_CHARS = 200
LONGEST_WAIT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """At most so many requests within a sliding window."""

    requests: int
    window_s: float


class Channel(BaseModel):
    """One way to one place. ``kind`` is its word in files and in the API."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: ClassVar[str] = ""
    pace: ClassVar[Pace | None] = None
    hears_acknowledgements: ClassVar[bool] = False
    is_direct: ClassVar[bool] = False  # takes each notice as it comes, ungrouped: it groups by itself
    is_operators: ClassVar[bool] = False  # reaches what only the operator may reach: not by the API

    send_resolved: bool = True

    def hears(self, notification: Notification) -> bool:
        """Whether the notification is to be sent here at all."""
        if notification.action == "acknowledged":
            return self.hears_acknowledgements
        if notification.action == "resolved" or notification.reason == "some_resolved":
            return self.send_resolved
        return notification.action == "firing"

    def send(self, message: Message, egress: Egress) -> Outcome:
        """One attempt. What came of it is told, not raised."""
        raise NotImplementedError

    def split(self) -> Sequence["Channel"]:
        """One channel for each place that is to be reached whatever becomes of the others."""
        return (self,)

    def hidden(self) -> Iterator[str]:
        """The texts that nobody may see."""
        for name in type(self).model_fields:
            for value in _parts(getattr(self, name)):
                yield value.get_secret_value()


class HttpChannel(Channel):
    """A channel that is HTTP requests: what they are and what answers mean are pure functions."""

    def build_requests(self, message: Message) -> Sequence[Request]:
        raise NotImplementedError

    def read_answer(self, answer: Answer) -> Outcome:
        return read_answer(answer)

    def send(self, message: Message, egress: Egress) -> Outcome:
        return exchange_all(self.build_requests(message), egress, self.read_answer)


def exchange_all(requests: Sequence[Request], egress: Egress, read: Callable[[Answer], Outcome]) -> Outcome:
    """Send one after the other, up to the first that is not taken."""
    for request in requests:
        try:
            outcome = read(egress.exchange(request))
        except ForbiddenError as error:
            return Refused(error.message)
        except NETWORK_ERRORS as error:
            return Retry(describe_failure(error))
        if not isinstance(outcome, Delivered):
            return outcome
    return Delivered()


def read_answer(answer: Answer) -> Outcome:
    """What an HTTP answer means, where nothing else is documented."""
    said = f"HTTP {answer.status}{_excerpt(answer.body)}"
    if 200 <= answer.status < 300:
        return Delivered()
    if answer.status in RETRIED or answer.status >= 500:
        return Retry(said, read_retry_after_s(answer))
    if 300 <= answer.status < 400:
        return Refused(f"{said}: redirects are not followed. Give the address that it leads to.")
    return Refused(said, is_gone=answer.status == 410)


def read_retry_after_s(answer: Answer) -> float | None:
    """Seconds, or a date, which counts from the answer's own; an hour at the most."""
    text = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text, re.ASCII):
        return min(float(text), LONGEST_WAIT_S)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return min(max(0.0, wait.total_seconds()), LONGEST_WAIT_S)


def describe_failure(error: Exception) -> str:
    text = FAILURES.get(type(error), "") or str(error) or type(error).__name__
    return f"{text}."[:MOST_SHOWN_CHARS]


def check_url(text: str) -> str:
    """Raise ``ValueError`` unless the text is the address of a web server, without a password in it."""
    try:
        parts = urlsplit(text)
        is_sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound or re.search(r"[\s\x00-\x1f]", text):
        raise ValueError("This is no address of a web server. Expected https://host/path.")
    if parts.username is not None:
        raise ValueError("A user or password has no place in an address: give it in a field of its own.")
    return text


def check_secret_url(secret: SecretStr) -> SecretStr:
    check_url(secret.get_secret_value())
    return secret


def check_header(secret: SecretStr) -> SecretStr:
    """Raise ``ValueError`` for what would be more than one header."""
    if not re.fullmatch(r"[\x20-\x7e]{1,4096}", secret.get_secret_value()):
        raise ValueError("This can't stand in a header. Expected printable ASCII characters.")
    return secret


def optional(check: Callable[[SecretStr], SecretStr]) -> Callable[[SecretStr | None], SecretStr | None]:
    """The same check, of what may be left out."""
    return lambda secret: None if secret is None else check(secret)


def _parts(value: Any) -> Iterator[SecretStr]:
    if isinstance(value, SecretStr):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _parts(part)


def _excerpt(body: bytes) -> str:
    text = " ".join(body[: 4 * MOST_SHOWN_CHARS].decode("utf-8", "replace").split())
    printable = "".join(character for character in text if character.isprintable())
    return f": {printable[:MOST_SHOWN_CHARS]}" if printable else ""
