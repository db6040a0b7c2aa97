"""Whether a value meets a condition, is within its hysteresis, or is clear: pure arithmetic."""

import math
import operator
from collections.abc import Callable, Sequence

from watchkeeper_collector.alerts.evaluation.sample import Level
from watchkeeper_collector.alerts.rules.condition import Also, Bound

SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def is_met(value: float, bound: Bound) -> bool:
    return SIGNS[bound.sign](value, bound.value)


def level_of(value: float | None, bound: Bound) -> Level:
    """What fires goes on until the value has come back to ``recover``."""
    if value is None or math.isnan(value):
        return "no_data"
    if is_met(value, bound):
        return "met"
    if bound.recover is not None and _is_short_of(value, bound.recover, bound.sign):
        return "held"
    return "clear"


def with_also(level: Level, also: Sequence[Also], values: Sequence[float | None]) -> Level:
    """The further conditions must hold too, for what is met and for what is held."""
    if level not in ("met", "held"):
        return level
    pairs = zip(also, values, strict=True)
    return level if all(value is not None and is_met(value, one.bound) for one, value in pairs) else "clear"


def _is_short_of(value: float, recover: float, sign: str) -> bool:
    return value > recover if sign in (">", ">=") else value < recover
