"""One comparison of two drawn samples, by the very rule that the job applies to what the engine measured."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from watchkeeper_collector.drift.classifier import build_evidence, tell_apart
from watchkeeper_collector.drift.features import FEATURES
from watchkeeper_collector.drift.statistics.counts import Share, proportion_test
from watchkeeper_collector.drift.statistics.ranks import kolmogorov_smirnov
from watchkeeper_collector.drift.verdict import Answer, Evidence, judge

from benchmarks.drift_data import Cell, Values

ENOUGH = 200


class Outcome(NamedTuple):
    """What a comparison came to: the verdict, and the features that drifted."""

    answer: Answer
    drifted: Sequence[str]


def compare(before: Cell, after: Cell, *, with_text: bool = False) -> Outcome:
    """The verdict on two samples, whose units are independent."""
    family = [measure(name, values, after.features[name]) for name, values in before.features.items()]
    if with_text:
        family.append(build_evidence(tell_apart(before.said, after.said), len(before), len(after)))
    findings = judge(family)
    drifted = [finding.evidence.feature.name for finding in findings if finding.is_drift]
    if drifted:
        return Outcome(max(finding.answer for finding in findings if finding.is_drift), drifted)
    is_open = min(len(before), len(after)) < ENOUGH or any(
        finding.answer == "unknown" for finding in findings
    )
    return Outcome("unknown" if is_open else "no", [])


def measure(name: str, before: Values, after: Values) -> Evidence:
    """Evidence on one feature, from the same functions that the engine's figures equal."""
    feature = FEATURES[name]
    both = np.concatenate([before, after])
    is_constant = bool(both.size) and bool(np.all(both == both[0]))
    if feature.kind == "numeric":
        d, p_value = kolmogorov_smirnov(before, after)
        return Evidence(feature, len(before), len(after), d, p_value, is_constant=is_constant)
    shares = [Share(int(side.sum()), len(side)) for side in (before, after)]
    p_value = proportion_test(*shares).p_value
    effect = shares[1].ratio - shares[0].ratio
    return Evidence(feature, len(before), len(after), effect, p_value, is_constant=is_constant)
