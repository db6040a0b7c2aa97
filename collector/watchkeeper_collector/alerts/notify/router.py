"""The router: turns lines of the outbox into deliveries, each round in one transaction of the state store.

A crash before the commit repeats the round, one after it repeats nothing: what is to be said is in the
ledger.
"""

import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from watchkeeper_collector.alerts.notify.book import ReceiverBook
from watchkeeper_collector.alerts.notify.configuration import Configuration
from watchkeeper_collector.alerts.notify.health import review
from watchkeeper_collector.alerts.notify.notification import render_notification
from watchkeeper_collector.alerts.notify.planning import Known, Plan, Planned, plan_round
from watchkeeper_collector.alerts.notify.routing.grouping import Group
from watchkeeper_collector.alerts.notify.routing.matchers import matches_all, read_matchers
from watchkeeper_collector.alerts.notify.wording import title
from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.state.alert_records import Notice, OutboxLine
from watchkeeper_collector.state.alerts import Alerts
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.deliveries import Deliveries
from watchkeeper_collector.state.notification_records import Delivery, DeliveryState, Silence, TargetHealth
from watchkeeper_collector.state.notifications import GroupRow, Notifications

MOST_LINES = 5000
RESOLVED_KEPT = timedelta(minutes=20)
TRIED_FOR = timedelta(hours=24)
DIRECT_TRIED_FOR = timedelta(minutes=3)
LEDGER_KEPT = timedelta(days=30)
ROUTINE_KEPT = timedelta(hours=1)
ROUTINE_KINDS = ("alertmanager", "heartbeat")
TIDY_EVERY = timedelta(minutes=5)
REVIEW_EVERY = timedelta(seconds=15)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RoundCounts:
    """What a round did. ``has_more``: lines of the outbox are left."""

    notices: int = 0
    deliveries: int = 0
    expired: int = 0
    has_more: bool = False


class Router:
    """Rounds of one collector follow each other; of several collectors one makes them."""

    def __init__(
        self,
        database: Database,
        alerts: Alerts,
        notifications: Notifications,
        deliveries: Deliveries,
        book: ReceiverBook,
    ) -> None:
        self._database = database
        self._alerts = alerts
        self._notifications = notifications
        self._deliveries = deliveries
        self._book = book
        self._reviewed_at = LONG_AGO
        self._tidied_at = LONG_AGO

    def is_due(self, now: datetime) -> bool:
        """Whether a round would find something to do."""
        if now - self._reviewed_at >= REVIEW_EVERY or self._alerts.outbox_depth():
            return True
        due = self._notifications.next_flush()
        return (due is not None and due <= now) or self._notifications.has_untold()

    def run_round(self, now: datetime) -> RoundCounts:
        """Raises ``StateUnavailableError``; then nothing has happened."""
        configuration = self._book.current()
        with self._database.write() as connection:
            taken = self._alerts.take_notices(connection, 0, MOST_LINES)
            lines = _first_of_each(taken)
            fresh = [line.notice for line in lines] + self._review(connection, configuration, now)
            self._notifications.keep_alerts(connection, fresh)
            if lines:
                self._alerts.drop_notices(connection, lines[-1].id)
            known = self._load(connection, fresh, now)
            plan = plan_round(configuration, known, now)
            self._keep(connection, plan, known, now)
            expired = self._tidy(connection, plan, known, now)
        self._reviewed_at = now
        has_more = len(lines) < len(taken) or len(taken) == MOST_LINES
        return RoundCounts(len(lines), len(plan.deliveries), expired, has_more)

    def add(self, planned: Planned, now: datetime, tried_for: timedelta) -> None:
        """Put one delivery into the ledger that is nobody's group's: a heartbeat."""
        with self._database.write() as connection:
            health = self._deliveries.health(connection)
            row = build_delivery(planned, now, health, tried_for)
            self._deliveries.add(connection, [row])

    def _review(self, connection: Connection, configuration: Configuration, now: datetime) -> list[Notice]:
        """What is to be said of targets that do not work; those that there are no more are forgotten."""
        known = {target.uid for target in configuration.all_targets()}
        healths = self._deliveries.health(connection)
        notices, changed = review(healths.values(), known, now)
        for health in changed:
            self._deliveries.keep_health(connection, health)
        self._deliveries.forget_health(connection, set(healths) - known)
        return notices

    def _load(self, connection: Connection, fresh: Sequence[Notice], now: datetime) -> Known:
        acknowledgements = self._notifications.acknowledgements(connection)
        silences = self._notifications.silences(connection, now)
        return Known(
            {notice.fingerprint: notice for notice in self._notifications.alerts(connection)},
            fresh,
            {row.key: read_group(row) for row in self._notifications.groups(connection)},
            build_silencing(silences),
            {one.episode: one.author for one in acknowledgements.values()},
            frozenset(one.episode for one in acknowledgements.values() if one.told_at is None),
        )

    def _keep(self, connection: Connection, plan: Plan, known: Known, now: datetime) -> None:
        for group in plan.kept:
            self._notifications.keep_group(connection, render_group(group))
        for key in plan.over:
            self._notifications.forget_group(connection, key)
        health = self._deliveries.health(connection)
        rows = []
        for planned in plan.deliveries:
            is_direct = planned.target.channel.is_direct
            tried_for = DIRECT_TRIED_FOR if is_direct else TRIED_FOR
            rows.append(build_delivery(planned, now, health, tried_for))
            if planned.notification.action == "firing" and not is_direct:
                self._deliveries.supersede(connection, planned.target.uid, planned.group_key, "firing", now)
        self._deliveries.add(connection, rows)
        self._notifications.mark_told(connection, known.untold, now)

    def _tidy(self, connection: Connection, plan: Plan, known: Known, now: datetime) -> int:
        """Forget what is over; give up what was not taken in time, and count it."""
        expired = self._deliveries.expire(connection, now)
        if now - self._tidied_at >= TIDY_EVERY:
            groups = {**known.groups, **{group.key: group for group in plan.kept}}
            told = {one for key, group in groups.items() if key not in plan.over for one in group.told}
            old = [
                one.fingerprint
                for one in known.alerts.values()
                if one.status == "resolved" and one.fingerprint not in told and now - one.at >= RESOLVED_KEPT
            ]
            self._notifications.forget_alerts(connection, old)
            self._notifications.expire(connection, now - LEDGER_KEPT)
            self._deliveries.forget(connection, now - LEDGER_KEPT)
            self._deliveries.forget(connection, now - ROUTINE_KEPT, ROUTINE_KINDS)
            self._tidied_at = now
        return len(expired)


def build_silencing(silences: Collection[Silence]) -> Callable[[Notice], bool]:
    """Whether a silence of the alert's own project holds; one that can't be read any more does not."""
    read = []
    for silence in silences:
        with suppress(InvalidRequestError):
            read.append((silence.project, read_matchers(silence.matchers.split("\n"))))

    def is_silenced(notice: Notice) -> bool:
        return any(
            project == notice.project and matches_all(matchers, notice.labels) for project, matchers in read
        )

    return is_silenced


def build_delivery(
    planned: Planned, now: datetime, health: Mapping[str, TargetHealth], tried_for: timedelta = TRIED_FOR
) -> Delivery:
    """A line of the ledger. To a target that asked for no more nothing is sent, and that is written down."""
    found = health.get(planned.target.uid)
    disabled = found if found is not None and found.disabled_at is not None else None
    state: DeliveryState = "refused" if disabled else "pending"
    return Delivery(
        id=build_delivery_id(),
        project=planned.notification.project,
        receiver=planned.target.receiver,
        target=planned.target.uid,
        kind=planned.target.channel.kind,
        group_key=planned.group_key,
        action=planned.notification.action,
        title=title(planned.notification),
        state=state,
        attempts=0,
        problem=f"The target is disabled: {disabled.problem}" if disabled else "",
        created_at=now,
        updated_at=now,
        next_try_at=now,
        expires_at=now + tried_for,
        notification=render_notification(planned.notification),
    )


class _Clock:
    """Nanoseconds that never repeat within the process, so that ids sort as they were made."""

    def __init__(self) -> None:
        self._last_ns = 0

    def next_ns(self) -> int:
        self._last_ns = max(self._last_ns + 1, time.time_ns())
        return self._last_ns


_CLOCK = _Clock()


def build_delivery_id() -> str:
    return f"msg_{_CLOCK.next_ns():016x}{secrets.token_hex(4)}"


def render_group(group: Group) -> GroupRow:
    state = asdict(group)
    key, project, flush_at = state.pop("key"), state.pop("project"), state.pop("flush_at")
    for name in ("opened_at", "notified_at"):
        state[name] = state[name].isoformat() if state[name] else None
    return GroupRow(key, project, flush_at, state)


def read_group(row: GroupRow) -> Group:
    state = dict(row.state)
    for name in ("opened_at", "notified_at"):
        state[name] = datetime.fromisoformat(state[name]) if state[name] else None
    return Group(key=row.key, project=row.project, flush_at=row.flush_at, **state)


def _first_of_each(lines: Sequence[OutboxLine]) -> list[OutboxLine]:
    """The lines up to the first that takes back what another says.

    What fired and resolved while nobody looked is told to fire in this round, and to resolve in the next.
    """
    said: dict[str, tuple[str, str]] = {}
    for place, line in enumerate(lines):
        notice = line.notice
        what = (notice.status, notice.episode)
        if said.setdefault(notice.fingerprint, what) != what:
            return list(lines[:place])
    return list(lines)
