"""Comparing two sides: evidence on every feature and on the text, and the verdicts on a family of slices."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from watchkeeper_collector.drift.classifier import build_evidence, tell_apart
from watchkeeper_collector.drift.explanation import Explanation, explain
from watchkeeper_collector.drift.features import Population
from watchkeeper_collector.drift.measuring import measure
from watchkeeper_collector.drift.sampling import MatchedUnits, match_units, thin
from watchkeeper_collector.drift.sides import Comparison
from watchkeeper_collector.drift.slices import SliceKey, narrow
from watchkeeper_collector.drift.texts import load_texts
from watchkeeper_collector.drift.verdict import Answer, Evidence, Finding, judge, worst

WHOLE = SliceKey()
ENOUGH_UNITS = 200
"""What numbers need: of a slice with fewer it is not said that nothing changed."""
SUSPICIOUS_P = 0.05


@dataclass(frozen=True, slots=True)
class Mix:
    """Units on both sides, those that were compared, and those whose kind of traffic the other side lacks."""

    before_units: int
    after_units: int
    before_matched: int
    after_matched: int
    only_before: int
    only_after: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one slice, before any verdict."""

    key: SliceKey
    mix: Mix
    evidence: Sequence[Evidence]
    explanation: Explanation = field(default_factory=Explanation)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one slice. ``needs``: so many more units, where it cannot be told."""

    measured: Measured
    findings: Sequence[Finding]
    answer: Answer
    needs: int


def measure_slice(comparison: Comparison, key: SliceKey = WHOLE, *, with_text: bool = True) -> Measured:
    """Look at one slice of both sides."""
    comparison = thin(narrow(comparison, key))
    populations: tuple[Population, ...] = ("calls", "answers")
    units = {population: match_units(comparison, population) for population in populations}
    evidence = [each for one in units.values() if _has_both(one) for each in measure(one)]
    explanation = Explanation()
    if with_text and _has_both(units["answers"]):
        text, explanation = _measure_text(units["answers"])
        evidence += [text] if text.before_units else []
    return Measured(key, _mix(units["calls"]), evidence, explanation)


def judge_slices(family: Sequence[Measured]) -> list[Verdict]:
    """The verdicts on slices that are looked at together, corrected for how many questions that asks."""
    findings = iter(judge([evidence for measured in family for evidence in measured.evidence]))
    return [_verdict(measured, [next(findings) for _ in measured.evidence]) for measured in family]


def _verdict(measured: Measured, findings: Sequence[Finding]) -> Verdict:
    """Drift of any feature is drift; that there is none can be told of as many units as numbers need."""
    found = worst([finding.answer for finding in findings if finding.is_drift] or ["no"])
    if found != "no":
        return Verdict(measured, findings, found, 0)
    fewest = min(measured.mix.before_matched, measured.mix.after_matched)
    open_ = [finding for finding in findings if finding.answer == "unknown" and finding.needs]
    suspect = [finding.needs for finding in open_ if not _is_short(finding)]
    needs = max(0, ENOUGH_UNITS - fewest, *suspect)
    return Verdict(measured, findings, "unknown" if needs else "no", needs)


def _is_short(finding: Finding) -> bool:
    evidence = finding.evidence
    return min(evidence.before_units, evidence.after_units) < evidence.feature.needed


def _has_both(units: MatchedUnits) -> bool:
    return bool(units.match.before_units and units.match.after_units)


def _measure_text(units: MatchedUnits) -> tuple[Evidence, Explanation]:
    before, after = load_texts(units)
    judgement = tell_apart(before, after)
    evidence = build_evidence(judgement, len(before), len(after))
    if judgement is None or evidence.p_value >= SUSPICIOUS_P:
        return evidence, Explanation()
    return evidence, explain(judgement, before, after)


def _mix(units: MatchedUnits) -> Mix:
    match = units.match
    return Mix(
        units.before_units,
        units.after_units,
        match.before_units,
        match.after_units,
        match.only_before,
        match.only_after,
    )
