"""The rule: what is called drift.

Enough data, a change beyond chance and a change that counts, all three; else *no*, or *cannot tell yet*.
The numbers behind each are in docs/drift.md, with how often the rule errs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any, Literal

from watchkeeper_collector.drift.features import Feature
from watchkeeper_collector.drift.statistics.correction import benjamini_hochberg

Answer = Literal["no", "minor", "major", "unknown"]
SEVERITY: tuple[Answer, ...] = ("no", "unknown", "minor", "major")
"""From the least to the greatest: a slice's verdict is the greatest of its features'."""

ALPHA = 0.01
SUSPICION = 0.05
"""A change that counts, with a p below this but not below ``ALPHA`` when corrected, wants more data."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured of one feature on two sides with the same mix of traffic.

    ``least`` raises the feature's own threshold, where chance alone makes for more. ``raw_effect`` is the
    effect without matching the mix; ``before`` and ``after`` are a share, a median or the commonest kind.
    ``is_constant``: all values of both sides are one.
    """

    feature: Feature
    before_units: int
    after_units: int
    effect: float
    p_value: float
    raw_effect: float = float("nan")
    before: float | str | None = None
    after: float | str | None = None
    least: float = 0.0
    is_constant: bool = False
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict on one feature. ``needs`` is how many more units it takes, where it cannot be told."""

    evidence: Evidence
    answer: Answer
    adjusted_p: float
    needs: int = 0

    @property
    def is_drift(self) -> bool:
        return self.answer in {"minor", "major"}


def judge(family: Sequence[Evidence]) -> list[Finding]:
    """A verdict on each of the features that are looked at together: all slices of a project's window.

    What has too few units, and what has one value everywhere, is no part of the family: it is not asked.
    """
    asked = [evidence.p_value for evidence in family if _is_asked(evidence)]
    adjusted = iter(benjamini_hochberg(asked))
    return [_judge(evidence, next(adjusted) if _is_asked(evidence) else 1.0) for evidence in family]


def worst(answers: Sequence[Answer]) -> Answer:
    """The verdict on several together; on nothing: it cannot be told."""
    return max(answers, key=SEVERITY.index, default="unknown")


def _judge(evidence: Evidence, adjusted_p: float) -> Finding:
    if missing := _missing(evidence):
        return Finding(evidence, "unknown", 1.0, missing)
    feature, effect = evidence.feature, abs(evidence.effect)
    if not effect >= max(feature.minor, evidence.least):
        return Finding(evidence, "no", adjusted_p)
    if adjusted_p < ALPHA:
        return Finding(evidence, "major" if effect >= feature.major else "minor", adjusted_p)
    if evidence.p_value < SUSPICION:
        return Finding(evidence, "unknown", adjusted_p, _units_to_certainty(evidence, adjusted_p))
    return Finding(evidence, "no", adjusted_p)


def _is_asked(evidence: Evidence) -> bool:
    return not (evidence.is_constant or _missing(evidence))


def _missing(evidence: Evidence) -> int:
    return max(0, evidence.feature.needed - min(evidence.before_units, evidence.after_units))


def _units_to_certainty(evidence: Evidence, adjusted_p: float) -> int:
    """About how many more would settle it if the effect is what it seems: z grows with the root of n."""
    wanted, found = (NormalDist().inv_cdf(1 - p / 2) for p in (ALPHA, min(adjusted_p, 0.5)))
    fewer = min(evidence.before_units, evidence.after_units)
    return max(1, math.ceil(fewer * ((wanted / found) ** 2 - 1)))
