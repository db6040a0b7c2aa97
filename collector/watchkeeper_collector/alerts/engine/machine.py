"""The state machine: a rule's alerts and an evaluation in, its alerts and what is to be said out.

Identities, times and re-sends are Prometheus'. What differs: an error or a lack of data is no recovery.
"""

from datetime import datetime

from watchkeeper_collector.alerts.engine.outcome import Instances, Moved, Step, Turn, conclude
from watchkeeper_collector.alerts.engine.reading import Readings, read_evaluation, read_problem
from watchkeeper_collector.alerts.engine.transition import (
    MISSED_SENDS,
    RESEND_DELAY,
    advance,
    build_timing,
    freeze,
    rebase,
    remember,
    resolve,
)
from watchkeeper_collector.alerts.evaluation.sample import Evaluation
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.state.alert_records import Instance

LIMIT_EXCEEDED = "LimitExceeded"
RULE_DELETED = "RuleDeleted"
PAUSED = "Paused"


def step(rule: Rule, instances: Instances, evaluation: Evaluation) -> Step:
    """Move a rule's instances on by an evaluation. Those of other rules are not to be among them."""
    readings = read_evaluation(rule, evaluation)
    moved = _move(rule, instances, readings, evaluation.at)
    if not readings.problem and (problem := _over_limit(rule, moved)):
        cleared = _clear(instances, evaluation.at)
        readings = read_problem(rule, problem)
        moved = _move(rule, instances, readings, evaluation.at) | cleared
    validity = build_timing(rule, "condition", evaluation.at).validity
    return conclude(instances, moved, Turn(evaluation.at, validity, rule, readings.problem))


def retire(instances: Instances, at: datetime, reason: str) -> Step:
    """End what a rule left that is gone or paused: what fires resolves for this reason."""
    moved = {name: _end(rebase(instance, at), at, reason) for name, instance in instances.items()}
    return conclude(instances, moved, Turn(at, MISSED_SENDS * RESEND_DELAY))


def hold(instances: Instances, at: datetime) -> Step:
    """Nobody knows the rule at present: what fires goes on to be said."""
    moved = {name: freeze(instance, at, "error") for name, instance in instances.items()}
    return conclude(instances, moved, Turn(at, MISSED_SENDS * RESEND_DELAY))


def _move(rule: Rule, instances: Instances, readings: Readings, at: datetime) -> Moved:
    moved: Moved = {}
    for name in instances.keys() | readings.found.keys():
        known, reading = instances.get(name), readings.found.get(name)
        family = known.family if known else readings.found[name].family
        if known and readings.problem and (family != "error" or not readings.found):
            moved[name] = freeze(known, at, "error")
        else:
            timing = build_timing(rule, family, at)
            has_data = readings.has_data or family != "condition"
            moved[name] = advance(known, reading, timing, has_data=has_data)
    return moved


def _over_limit(rule: Rule, moved: Moved) -> str:
    """What is wrong where more series alert than the rule allows; empty: nothing."""
    alerting = sum(
        instance is not None and instance.family == "condition" and instance.state != "inactive"
        for instance in moved.values()
    )
    if not rule.limit or alerting <= rule.limit:
        return ""
    return f"{alerting} series alert, more than the limit of {rule.limit}: all of them were cleared."


def _clear(instances: Instances, at: datetime) -> Moved:
    return {
        name: _end(rebase(instance, at), at, LIMIT_EXCEEDED)
        for name, instance in instances.items()
        if instance.family != "error"
    }


def _end(instance: Instance, at: datetime, reason: str) -> Instance | None:
    return remember(instance, at) if instance.state == "inactive" else resolve(instance, at, reason)
