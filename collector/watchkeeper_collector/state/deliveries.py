"""The ledger of deliveries: what is to be said to whom, every attempt, and how targets do."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    text,
    update,
)

from watchkeeper_collector.errors import ConflictError, NotFoundError
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.notification_records import Attempt, Delivery, DeliveryState, TargetHealth
from watchkeeper_collector.state.notification_tables import ATTEMPTS, DELIVERIES, HEALTH
from watchkeeper_collector.state.tables import UtcDateTime

ROW = DELIVERIES.c
KEEP_HEALTH = text(
    """
    INSERT INTO target_health (target, project, receiver, failing_since, disabled_at, told_at, problem)
    VALUES (:target, :project, :receiver, :failing_since, :disabled_at, :told_at, :problem)
    ON CONFLICT (target) DO UPDATE SET failing_since = excluded.failing_since,
    disabled_at = excluded.disabled_at, told_at = excluded.told_at, problem = excluded.problem
    """
).bindparams(*(bindparam(name, type_=UtcDateTime) for name in ("failing_since", "disabled_at", "told_at")))


class Deliveries:
    """Methods that take a connection are parts of the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- the router

    def add(self, connection: Connection, deliveries: Sequence[Delivery]) -> None:
        if deliveries:
            connection.execute(insert(DELIVERIES), [asdict(one) for one in deliveries])

    def supersede(
        self, connection: Connection, target: str, group_key: str, action: str, now: datetime
    ) -> None:
        """What waits to say the same of a group is not said: what is added now says more.

        What was to fire before something that is to resolve is another incident, and stays.
        """
        waits = (ROW.target == target) & (ROW.group_key == group_key) & (ROW.state == "pending")
        ended = select(func.coalesce(func.max(ROW.id), "")).where(waits, ROW.action == "resolved")
        connection.execute(
            update(DELIVERIES)
            .where(waits, ROW.action == action, ROW.id > ended.scalar_subquery())
            .values(state="superseded", updated_at=now, problem="A newer notification says more.")
        )

    def expire(self, connection: Connection, now: datetime) -> list[Delivery]:
        """Give up what was not taken in time; what that was."""
        late = (ROW.state == "pending") & (ROW.expires_at <= now)
        found = [
            Delivery(**row)
            for row in connection.execute(select(DELIVERIES).where(late).limit(1000)).mappings()
        ]
        if found:
            mine = ROW.id.in_([one.id for one in found])
            connection.execute(update(DELIVERIES).where(mine).values(state="expired", updated_at=now))
        return found

    def forget(self, connection: Connection, before: datetime, kinds: Collection[str] = ()) -> int:
        """Remove finished deliveries that are older, of these kinds only if any; how many."""
        old = (ROW.state != "pending") & (ROW.updated_at < before)
        if kinds:
            old &= ROW.kind.in_(list(kinds))
        connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.delivery.in_(select(ROW.id).where(old))))
        return connection.execute(delete(DELIVERIES).where(old)).rowcount

    # --- who sends

    def due_targets(self, now: datetime) -> list[str]:
        """Targets that something is to be sent to now."""
        due = (ROW.state == "pending") & (ROW.next_try_at <= now)
        with self._database.read() as connection:
            return list(connection.execute(select(ROW.target).where(due).distinct()).scalars())

    def next_due(self, target: str, now: datetime) -> Delivery | None:
        """What to send to the target next. Of a group nothing goes before what was said earlier."""
        earlier = DELIVERIES.alias()
        waits_for = exists().where(
            earlier.c.target == ROW.target,
            earlier.c.group_key == ROW.group_key,
            earlier.c.state == "pending",
            earlier.c.id < ROW.id,
        )
        due = and_(ROW.target == target, ROW.state == "pending", ROW.next_try_at <= now, ~waits_for)
        query = select(DELIVERIES).where(due).order_by(ROW.next_try_at, ROW.id).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return Delivery(**row) if row else None

    def record(
        self,
        delivery: Delivery,
        attempt: Attempt,
        *,
        state: DeliveryState,
        next_try_at: datetime,
        health: TargetHealth | None = None,
    ) -> None:
        """An attempt was made: it, what the delivery is now, and how the target does, at once."""
        values = {
            "state": state,
            "attempts": attempt.number,
            "problem": attempt.problem,
            "updated_at": attempt.at,
            "next_try_at": next_try_at,
        }
        mine = ROW.id == delivery.id
        if state == "pending":  # unless it was superseded meanwhile
            mine &= ROW.state == "pending"
        with self._database.write() as connection:
            changed = connection.execute(update(DELIVERIES).where(mine).values(**values))
            if changed.rowcount:
                again = and_(ATTEMPTS.c.delivery == delivery.id, ATTEMPTS.c.number == attempt.number)
                connection.execute(delete(ATTEMPTS).where(again))
                connection.execute(insert(ATTEMPTS).values(delivery=delivery.id, **asdict(attempt)))
            if health is not None:
                connection.execute(KEEP_HEALTH, asdict(health))

    def add_made(self, delivery: Delivery, attempt: Attempt) -> None:
        """Keep a delivery that was made at once: a test."""
        with self._database.write() as connection:
            self.add(connection, [delivery])
            connection.execute(insert(ATTEMPTS).values(delivery=delivery.id, **asdict(attempt)))

    # --- how targets do

    def health(self, connection: Connection | None = None) -> dict[str, TargetHealth]:
        """By target, of all that ever failed and did not recover."""
        if connection is None:
            with self._database.read() as reading:
                return self.health(reading)
        rows = connection.execute(select(HEALTH)).mappings()
        return {row["target"]: TargetHealth(**row) for row in rows}

    def keep_health(self, connection: Connection, health: TargetHealth) -> None:
        connection.execute(KEEP_HEALTH, asdict(health))

    def forget_health(self, connection: Connection, targets: Collection[str]) -> None:
        if targets:
            connection.execute(delete(HEALTH).where(HEALTH.c.target.in_(list(targets))))

    def enable(self, target: str) -> None:
        """Send to the target again, although it asked for no more."""
        with self._database.write() as connection:
            found = connection.execute(select(HEALTH).where(HEALTH.c.target == target)).mappings().first()
            if found is not None:
                healthy = replace(TargetHealth(**found), failing_since=None, disabled_at=None, problem="")
                connection.execute(KEEP_HEALTH, asdict(healthy))

    # --- what is asked

    def find(
        self,
        projects: Collection[str],
        *,
        limit: int,
        before: str = "",
        state: str = "",
        receiver: str = "",
    ) -> list[Delivery]:
        """Deliveries of these projects, the newest first; those before an id."""
        wanted: list[ColumnElement[bool]] = [ROW.project.in_(list(projects))]
        wanted += [ROW.id < before] if before else []
        wanted += [ROW.state == state] if state else []
        wanted += [ROW.receiver == receiver] if receiver else []
        query = select(DELIVERIES).where(*wanted).order_by(ROW.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [Delivery(**row) for row in connection.execute(query).mappings()]

    def get(self, delivery_id: str, projects: Collection[str] | None = None) -> Delivery:
        """Raises ``NotFoundError``, also for one of another project than these."""
        mine = ROW.id == delivery_id
        if projects is not None:
            mine &= ROW.project.in_(list(projects))
        with self._database.read() as connection:
            row = connection.execute(select(DELIVERIES).where(mine)).mappings().first()
        if row is None:
            raise NotFoundError(f"There is no delivery '{delivery_id[:64]}' in this project.")
        return Delivery(**row)

    def attempts(self, delivery_id: str) -> list[Attempt]:
        """All attempts of a delivery, the first one first."""
        columns = [ATTEMPTS.c[name] for name in ("number", "at", "duration_s", "outcome", "problem")]
        query = select(*columns).where(ATTEMPTS.c.delivery == delivery_id).order_by(ATTEMPTS.c.number)
        with self._database.read() as connection:
            return [Attempt(**row) for row in connection.execute(query).mappings()]

    def has_ended(self, delivery: Delivery) -> bool:
        """Whether the target took a later word that what this speaks of has resolved."""
        later = (
            (ROW.target == delivery.target) & (ROW.group_key == delivery.group_key) & (ROW.id > delivery.id)
        )
        query = select(ROW.id).where(later, ROW.action == "resolved", ROW.state == "delivered").limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def replay(self, delivery: Delivery, now: datetime, expires_at: datetime) -> Delivery:
        """Have a delivery that came to nothing made again, under its id.

        Raises ``ConflictError`` for one that was taken, or is on its way.
        """
        with self._database.write() as connection:
            waiting = {"state": "pending", "updated_at": now, "next_try_at": now, "expires_at": expires_at}
            over = ROW.state.in_(["refused", "expired"])
            changed = connection.execute(
                update(DELIVERIES).where(ROW.id == delivery.id, over).values(**waiting)
            )
        if not changed.rowcount:
            raise ConflictError(
                f"The delivery '{delivery.id}' is '{delivery.state}'. Only what was refused or has"
                " expired can be sent again."
            )
        return self.get(delivery.id)
