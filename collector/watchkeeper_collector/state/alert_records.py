"""What is kept of alerts: instances, notices, events of their history, evaluations of their rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

AlertState = Literal["inactive", "pending", "firing", "recovering", "no_data", "error"]
Family = Literal["condition", "no_data", "error"]
"""What an instance is about: the rule's condition, a series without data, a rule that can't be evaluated."""
Status = Literal["firing", "resolved"]
Figures = Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class Instance:
    """One series that an alert is or was about.

    ``fingerprint`` is a hash of the rule and of ``labels``, which are complete: ``alertname``, the rule's and
    the series'. ``definition`` is a hash of what the rule's text says about labels. ``active_at``: since when
    the condition holds, ``seen_at``: when that was last seen. ``episode`` names the time from ``fired_at`` to
    ``resolved_at``. ``reason`` is why it resolved, if not because the condition ceased to hold. In the states
    ``no_data`` and ``error`` it goes on as what it was before, which the times tell.
    """

    fingerprint: str
    rule_uid: str
    project: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    state: AlertState
    active_at: datetime
    seen_at: datetime
    family: Family = "condition"
    definition: str = ""
    episode: str = ""
    reason: str = ""
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    keep_firing_since: datetime | None = None
    last_sent_at: datetime | None = None
    value: float | None = None
    figures: Figures = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_firing(self) -> bool:
        """It fired and did not resolve, whatever its rule can see at present."""
        return self.fired_at is not None and self.resolved_at is None


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the outbox: what Alertmanager would get by POST.

    ``episode`` is one page: what keys of deduplication are made of. ``labels`` are complete. ``ends_at``: of
    a firing one until when it is to be believed without a newer notice, of a resolved one when it ended.
    ``reason`` says why it resolved, if not because the condition ceased to hold: ``RuleDeleted``, ``Paused``,
    ``Updated``, ``MissingSeries``, ``LimitExceeded``.
    """

    fingerprint: str
    episode: str
    rule_uid: str
    project: str
    status: Status
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    value: float | None
    figures: Figures
    links: Mapping[str, str]
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OutboxLine:
    """A notice with its place in the outbox: ids grow in the order of commits."""

    id: int
    notice: Notice


@dataclass(frozen=True, slots=True)
class Event:
    """A change of an instance's state. ``id`` is 0 until it is kept.

    ``started_at`` is when the episode began, ``None`` while nothing fires; ``measure`` and ``filter`` are the
    rule's.
    """

    at: datetime
    project: str
    rule_uid: str
    alert: str
    fingerprint: str
    episode: str
    from_state: AlertState
    to_state: AlertState
    reason: str
    measure: str
    filter: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    value: float | None
    figures: Figures
    links: Mapping[str, str]
    started_at: datetime | None = None
    is_resolved: bool = False
    id: int = 0


@dataclass(frozen=True, slots=True)
class EvaluationRecord:
    """The newest evaluation of a rule, and how many there were. ``missed``: iterations that were left out."""

    rule_uid: str
    project: str
    alert: str
    group_name: str
    source: str
    interval_s: float
    evaluated_at: datetime
    cost_s: float = 0.0
    problem: str = ""
    series: int = 0
    series_without_data: int = 0
    evaluations: int = 0
    failures: int = 0
    missed: int = 0
    holder: str = ""
