"""What is kept of notifications: deliveries with their attempts, silences, acknowledgements, receivers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

DeliveryState = Literal["pending", "delivered", "refused", "expired", "superseded"]
AttemptOutcome = Literal["delivered", "retry", "refused"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to make a delivery. ``problem`` is empty where it was taken."""

    number: int
    at: datetime
    duration_s: float
    outcome: AttemptOutcome
    problem: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One line of the ledger: a notification on its way to one target of a receiver.

    ``id`` is stable over attempts; ids sort by age. ``target`` is the receiver's channel, ``action`` what is
    said: ``firing``, ``resolved``, ``acknowledged``, ``heartbeat``. ``refused``: not to be tried again;
    ``expired``: not taken in time; ``superseded``: a newer notification of its group says more.
    ``notification`` is JSON.
    """

    id: str
    project: str
    receiver: str
    target: str
    kind: str
    group_key: str
    action: str
    title: str
    state: DeliveryState
    attempts: int
    problem: str
    created_at: datetime
    updated_at: datetime
    next_try_at: datetime
    expires_at: datetime
    notification: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """How a target does: since when it takes nothing, and when it asked for no more."""

    target: str
    project: str
    receiver: str
    failing_since: datetime | None
    disabled_at: datetime | None
    told_at: datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts of the project that ``matchers`` (one a line) all match notify nobody between the times."""

    id: str
    project: str
    matchers: str
    starts_at: datetime
    ends_at: datetime
    author: str
    comment: str
    created_at: datetime
    updated_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody takes care of one episode of an alert. ``told_at``: when the pagers were told."""

    episode: str
    project: str
    fingerprint: str
    author: str
    comment: str
    acknowledged_at: datetime
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReceiverRecord:
    """A receiver that was made by the API. ``configuration`` is JSON; ``secrets`` is JSON too, encrypted."""

    id: str
    project: str
    name: str
    kind: str
    configuration: str
    secrets: str = field(repr=False)
    created_at: datetime
    updated_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class RouteRecord:
    """A route that was made by the API. ``route`` is JSON: its matchers, and how it groups and repeats."""

    id: str
    project: str
    name: str
    receiver: str
    route: str
    created_at: datetime
    updated_at: datetime
    created_by: str
