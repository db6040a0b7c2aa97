"""One attempt to make a delivery, and what is written down of it."""

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from watchkeeper_collector.alerts.notify.book import ReceiverBook
from watchkeeper_collector.alerts.notify.channels.channel import Channel
from watchkeeper_collector.alerts.notify.health import failed, recovered
from watchkeeper_collector.alerts.notify.links import Links
from watchkeeper_collector.alerts.notify.message import Delivered, Message, Outcome, Refused, Retry
from watchkeeper_collector.alerts.notify.notification import read_notification
from watchkeeper_collector.alerts.notify.sending.egress import Egress
from watchkeeper_collector.alerts.notify.sending.pace import Pacing
from watchkeeper_collector.alerts.notify.wording import one_line
from watchkeeper_collector.state.deliveries import Deliveries
from watchkeeper_collector.state.notification_records import (
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryState,
    TargetHealth,
)

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 300.0
SHORTEST_HIDDEN_CHARS = 4
MOST_PROBLEM_CHARS = 500
WORDS: dict[type[Outcome], AttemptOutcome] = {Delivered: "delivered", Retry: "retry", Refused: "refused"}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class SendCounts:
    """Since the start of the process."""

    delivered: int = 0
    retried: int = 0
    refused: int = 0


@dataclass(slots=True)
class Sender:
    """Safe to share between lanes."""

    book: ReceiverBook
    ledger: Deliveries
    egress: Egress
    links: Links
    clock: Callable[[], datetime]
    pacing: Pacing = field(default_factory=Pacing)
    counts: SendCounts = field(default_factory=SendCounts)
    random: Random = field(default_factory=Random)

    def pause_s(self, delivery: Delivery) -> float:
        """How long the target's pace asks to wait before the next attempt."""
        target = self.book.current().target(delivery.target)
        if target is None:
            return 0.0
        return self.pacing.reserve(_pace_key(target.channel), target.channel.pace)

    def attempt(self, delivery: Delivery) -> Outcome:
        """Make it, and write down what came of it.

        Raises ``StateUnavailableError``; then it is made again.
        """
        began_s, at = time.monotonic(), self.clock()
        target = self.book.current().target(delivery.target)
        health = self.ledger.health().get(delivery.target)
        if target is None:
            outcome: Outcome = Refused("The receiver was removed.")
        elif health is not None and health.disabled_at is not None:
            outcome = Refused(f"The target is disabled: {health.problem}")
        else:
            outcome = self.send(target.channel, delivery, at)
        self._record(delivery, outcome, at, time.monotonic() - began_s, health)
        return outcome

    def send(self, channel: Channel, delivery: Delivery, at: datetime) -> Outcome:
        """One attempt, by itself. Whatever happens, no secret is in what is told of it."""
        try:
            outcome = channel.send(self._build_message(delivery, at), self.egress)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not lose a page: it is tried again
            place = type(error).__name__
            log.error("Sending to '%s' failed within: %s.", delivery.target, place)
            return Retry(f"Sending failed within: {place}.")
        return outcome if isinstance(outcome, Delivered) else hide(outcome, channel)

    def _build_message(self, delivery: Delivery, at: datetime) -> Message:
        notification = self.links.complete(read_notification(delivery.notification))
        acknowledge_url = self.links.acknowledge_url(delivery.id, notification, at)
        return Message(delivery.id, notification, at, self.links.page_url(), acknowledge_url)

    def _record(
        self,
        delivery: Delivery,
        outcome: Outcome,
        at: datetime,
        duration_s: float,
        health: TargetHealth | None,
    ) -> None:
        problem = "" if isinstance(outcome, Delivered) else one_line(outcome.problem, MOST_PROBLEM_CHARS)
        number = delivery.attempts + 1
        attempt = Attempt(number, at, duration_s, WORDS[type(outcome)], problem)
        known = health or TargetHealth(
            delivery.target, _owner(delivery.target), delivery.receiver, None, None, None, ""
        )
        changed: TargetHealth | None
        match outcome:
            case Delivered():
                state: DeliveryState = "delivered"
                changed = recovered(known) if health is not None else None
                self.counts.delivered += 1
            case Refused():
                state = "refused"
                changed = failed(known, problem, at, is_gone=outcome.is_gone)
                self.counts.refused += 1
            case Retry():
                state = "pending"
                changed = failed(known, problem, at, is_gone=False)
                self.counts.retried += 1
        next_try_at = at + timedelta(seconds=self._backoff_s(number, outcome))
        self.ledger.record(delivery, attempt, state=state, next_try_at=next_try_at, health=changed)

    def _backoff_s(self, attempts: int, outcome: Outcome) -> float:
        """Doubling, spread by a fifth, and not before the target said."""
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempts - 1, 16))
        asked_s = outcome.after_s if isinstance(outcome, Retry) and outcome.after_s else 0.0
        return max(asked_s, pause_s * self.random.uniform(0.8, 1.2))


def hide(outcome: Retry | Refused, channel: Channel) -> Retry | Refused:
    """Without what nobody may see, should an answer repeat it."""
    problem = outcome.problem
    for secret in channel.hidden():
        if len(secret) >= SHORTEST_HIDDEN_CHARS:
            problem = problem.replace(secret, "…")
    if isinstance(outcome, Retry):
        return Retry(problem, outcome.after_s)
    return Refused(problem, outcome.is_gone)


def _owner(target: str) -> str:
    return target.partition("/")[0]


def _pace_key(channel: Channel) -> str:
    return hashlib.sha256("\0".join((channel.kind, *channel.hidden())).encode()).hexdigest()
