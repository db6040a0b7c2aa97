"""The engine: a group's evaluation becomes states, notices and history, all of it or nothing."""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from watchkeeper_collector.alerts.engine.machine import PAUSED, RULE_DELETED, hold, retire, step
from watchkeeper_collector.alerts.engine.outcome import Step
from watchkeeper_collector.alerts.engine.schedule import Group
from watchkeeper_collector.alerts.evaluation.sample import Evaluation
from watchkeeper_collector.alerts.rules.condition import Bound, Sql, series_of
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.query.measures import is_score
from watchkeeper_collector.state.alert_records import EvaluationRecord, Instance
from watchkeeper_collector.state.alerts import Alerts

SPANS, SCORES = "traces", "logs"
"""The signals by which they come."""
LATE_S = 15.0
"""They wait no longer than this for the store when all is well."""
CATCH_UP_S = 900.0
"""So long after its start a collector may bring in what waited in the spool before that is an alert."""
OUTBOX_KEPT = timedelta(days=3)
HISTORY_KEPT = timedelta(days=30)
EXPIRY = timedelta(minutes=10)
"""So often what is older is looked for."""

ALL_RULES = Rule(
    uid="rules",
    alert="Rules",
    group="",
    project="",
    source="file",
    interval_s=15.0,
    offset_s=0.0,
    for_s=60.0,
    keep_firing_for_s=0.0,
    limit=0,
    no_data="ok",
    labels={"severity": "page"},
    annotations={},
    condition=Sql("", Bound(">", 0)),
)
"""Stands for all rules together: its error is that they can't be read. It has no condition."""

Evaluate = Callable[[Sequence[Rule], datetime], Sequence[Evaluation]]
log = logging.getLogger(__name__)


class Claim(Protocol):
    """The right to change the states of alerts: :class:`watchkeeper_collector.state.leases.Lease` is one."""

    @property
    def holder(self) -> str: ...

    def renew(self, connection: Connection) -> bool:
        """Whether it is ours, until the end of the transaction."""
        ...


@dataclass(slots=True)
class EngineStatus:
    """Counters since the start, for ``/status`` and ``/metrics``."""

    evaluations: int = 0
    failed_evaluations: int = 0
    missed_evaluations: int = 0
    notices: int = 0
    failed_turns: int = 0
    lost_turns: int = 0
    last_error: str = ""


@dataclass(slots=True)
class Changes:
    """What a transaction is going to keep."""

    instances: list[Instance] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def add(self, before: Mapping[str, Instance], moved: Step) -> None:
        known = moved.instances
        self.instances += [one for name, one in known.items() if before.get(name) != one]
        self.removed += [name for name in before if name not in known]
        self.steps.append(moved)


class Engine:
    """Keeps nothing in memory: a turn reads the states, moves them on and writes them, in one transaction.

    So a collector that was killed, stalled or cut off leaves nothing that another could not go on with: its
    turn happened or did not. ``lag_s`` is how long a signal's oldest data have been waiting for the store.
    """

    def __init__(
        self,
        alerts: Alerts,
        claim: Claim,
        evaluate: Evaluate,
        *,
        lag_s: Callable[[str], float] = lambda _: 0.0,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.status = EngineStatus()
        self._alerts = alerts
        self._claim = claim
        self._evaluate = evaluate
        self._lag_s = lag_s
        self._clock_s = clock_s
        self._began_s = clock_s()
        self._behind = {SPANS, SCORES}
        self._expired_at: datetime | None = None
        self._is_closed = False

    def close(self) -> None:
        """Change nothing any more: an evaluation that is under way comes to nothing."""
        self._is_closed = True

    def evaluate(self, group: Group, at: datetime, missed: int = 0) -> bool:
        """Evaluate a group at this timestamp; whether it counted, for the claim may have been lost.

        A timestamp that was evaluated already changes nothing.
        """
        # First: what comes to the store meanwhile may not have been seen.
        lags_s = {signal: self._lag_s(signal) for signal in (SPANS, SCORES)}
        behind = self._look_behind(lags_s)
        evaluations = [_doubt(one, lags_s, behind) for one in self._find(group.rules, at)]
        with self._alerts.turn() as connection:
            if self._is_closed or not self._claim.renew(connection):
                self.status.lost_turns += 1
                return False
            self._turn(connection, evaluations, missed)
        return True

    def tidy(self, rules: Iterable[Rule], at: datetime, *, problem: str = "") -> None:
        """End what is left of rules that are gone or paused, and forget what is old.

        With a ``problem`` some rules can't be read: that is an alert of its own, and as nobody knows which
        rules are gone, what fires goes on.
        """
        is_paused = {rule.uid: rule.is_paused for rule in rules}
        kept = self._alerts.rule_uids()
        left = {uid for uid in kept - {ALL_RULES.uid} if is_paused.get(uid, True)}
        may_expire = self._expired_at is None or abs(at - self._expired_at) >= EXPIRY
        if not (left or problem or ALL_RULES.uid in kept or may_expire):
            return
        with self._alerts.turn() as connection:
            if self._claim.renew(connection):
                self._retire(connection, left, left & is_paused.keys(), at, are_rules_known=not problem)
                self._tell(connection, Evaluation(ALL_RULES, at, (), problem))
                self._alerts.expire_notices(connection, at - OUTBOX_KEPT)
                self._alerts.expire_events(connection, at - HISTORY_KEPT)
                self._expired_at = at

    def _look_behind(self, lags_s: Mapping[str, float]) -> Collection[str]:
        """The signals of which data have been waiting ever since the start."""
        is_late = self._clock_s() - self._began_s > CATCH_UP_S
        self._behind = {signal for signal in self._behind if lags_s[signal] > LATE_S and not is_late}
        return self._behind

    def _find(self, rules: Sequence[Rule], at: datetime) -> Sequence[Evaluation]:
        try:
            return self._evaluate(rules, at)
        except Exception as error:
            log.exception("The evaluation of alert rules failed.")
            problem = f"The evaluation failed: {type(error).__name__}: {error}"
            return [Evaluation(rule, at, (), problem) for rule in rules]

    def _turn(self, connection: Connection, evaluations: Sequence[Evaluation], missed: int) -> None:
        uids = [evaluation.rule.uid for evaluation in evaluations]
        records = self._alerts.load_evaluations(connection, uids)
        instances = _by_rule(self._alerts.load_instances(connection, uids))
        changes, evaluated = Changes(), []
        for evaluation in evaluations:
            rule, record = evaluation.rule, records.get(evaluation.rule.uid)
            if record is not None and record.evaluated_at == evaluation.at:
                continue
            before = instances.get(rule.uid, {})
            moved = step(rule, before, evaluation)
            changes.add(before, moved)
            evaluated.append(_build_record(record, evaluation, moved, missed, self._claim.holder))
        self._keep(connection, changes, evaluated)
        self.status.evaluations += len(evaluated)
        self.status.failed_evaluations += sum(bool(record.problem) for record in evaluated)
        self.status.missed_evaluations += missed * len(evaluated)

    def _retire(
        self,
        connection: Connection,
        left: Collection[str],
        paused: Collection[str],
        at: datetime,
        *,
        are_rules_known: bool,
    ) -> None:
        changes = Changes()
        for uid, before in _by_rule(self._alerts.load_instances(connection, left)).items():
            if uid in paused:
                moved = retire(before, at, PAUSED)
            elif are_rules_known:
                moved = retire(before, at, RULE_DELETED)
            else:
                moved = hold(before, at)
            changes.add(before, moved)
        self._keep(connection, changes, ())
        self._alerts.forget_evaluations(connection, left)

    def _tell(self, connection: Connection, evaluation: Evaluation) -> None:
        """Whether rules can be read is looked at as rules are."""
        loaded = _by_rule(self._alerts.load_instances(connection, [ALL_RULES.uid]))
        before, changes = loaded.get(ALL_RULES.uid, {}), Changes()
        changes.add(before, step(ALL_RULES, before, evaluation))
        self._keep(connection, changes, ())

    def _keep(
        self, connection: Connection, changes: Changes, evaluated: Collection[EvaluationRecord]
    ) -> None:
        notices = [notice for one in changes.steps for notice in one.notices]
        events = [event for one in changes.steps for event in one.events]
        self._alerts.commit(
            connection,
            changes.instances,
            notices,
            removed=changes.removed,
            events=events,
            evaluations=evaluated,
        )
        self.status.notices += len(notices)


def _doubt(evaluation: Evaluation, lags_s: Mapping[str, float], behind: Collection[str]) -> Evaluation:
    """While spans of the window wait for the store, what is in it proves nothing. After a start that is as it
    must be, and no alert."""
    watched = series_of(evaluation.rule.condition)
    signal = SCORES if watched and is_score(watched.measure) else SPANS
    lag_s = lags_s[signal]
    if evaluation.problem or lag_s <= evaluation.rule.offset_s + LATE_S:
        return evaluation
    problem = f"The store has not got the data of the last {lag_s:.0f} s, which wait in the spool."
    return replace(evaluation, samples=(), problem=problem, is_waiting=signal in behind)


def _by_rule(instances: Iterable[Instance]) -> dict[str, dict[str, Instance]]:
    found: dict[str, dict[str, Instance]] = {}
    for instance in instances:
        found.setdefault(instance.rule_uid, {})[instance.fingerprint] = instance
    return found


def _build_record(
    before: EvaluationRecord | None, evaluation: Evaluation, moved: Step, missed: int, holder: str
) -> EvaluationRecord:
    rule = evaluation.rule
    return EvaluationRecord(
        rule_uid=rule.uid,
        project=rule.project,
        alert=rule.alert,
        group_name=rule.group,
        source=rule.source,
        interval_s=rule.interval_s,
        evaluated_at=evaluation.at,
        cost_s=evaluation.cost_s,
        problem=moved.problem,
        series=len(evaluation.samples),
        series_without_data=sum(sample.level == "no_data" for sample in evaluation.samples),
        evaluations=(before.evaluations if before else 0) + 1,
        failures=(before.failures if before else 0) + bool(moved.problem),
        missed=(before.missed if before else 0) + missed,
        holder=holder,
    )
