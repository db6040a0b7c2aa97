"""What goes out to a receiver's target, what comes back, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watchkeeper_collector.alerts.notify.notification import Notification


@dataclass(frozen=True, slots=True)
class Message:
    """A notification at the time of an attempt. ``id`` is the same in each of them.

    ``page_url`` is where the alerts are shown, ``acknowledge_url`` where they are acknowledged by whoever
    holds it; either is empty where there is none.
    """

    id: str
    notification: Notification
    sent_at: datetime
    page_url: str = ""
    acknowledge_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. Neither its address nor its headers are shown: tokens are in both."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: names of headers in lower case, the beginning of the body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Delivered:
    """It was taken."""


@dataclass(frozen=True, slots=True)
class Retry:
    """It may be taken later; ``after_s``: not before, as the target said."""

    problem: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never be taken. ``is_gone``: nor will anything else."""

    problem: str
    is_gone: bool = False


Outcome = Delivered | Retry | Refused
