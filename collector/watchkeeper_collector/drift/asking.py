"""A comparison on demand, as it is answered."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from watchkeeper_collector.drift.checks import explained, judge_all, known
from watchkeeper_collector.drift.comparing import WHOLE, Verdict
from watchkeeper_collector.drift.explanation import ExamplePair
from watchkeeper_collector.drift.reasons import render_finding, render_verdict
from watchkeeper_collector.drift.sides import Comparison, Side
from watchkeeper_collector.drift.slices import find_slices
from watchkeeper_collector.drift.verdict import Finding, worst
from watchkeeper_collector.query.source import Source

LONGEST_EXAMPLE = 2_000


def compare(
    source: Source, before: Side, after: Side, *, with_slices: bool, with_text: bool, with_content: bool
) -> dict[str, Any]:
    """The verdicts on two sides. The first slice is all of them."""
    keys = find_slices(source, after) if with_slices else [WHOLE]
    verdicts = judge_all(Comparison(source, before, after), keys, with_text=with_text)
    leader = _leader(verdicts)
    where = f" ({leader.measured.key.by} {leader.measured.key.value})" if leader.measured.key != WHOLE else ""
    return {
        "answer": leader.answer,
        "reason": render_verdict(leader) + where,
        "slices": [_shown(verdict, with_content=with_content) for verdict in verdicts],
    }


def _leader(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict that counts: the whole's, unless a slice drifted more."""
    drifted = worst(
        [verdict.answer for verdict in verdicts if verdict.answer in {"minor", "major"}] or ["no"]
    )
    if drifted == "no":
        return verdicts[0]
    return next(verdict for verdict in verdicts if verdict.answer == drifted)


def _shown(verdict: Verdict, *, with_content: bool) -> dict[str, Any]:
    measured = verdict.measured
    return {
        "slice_by": measured.key.by,
        "slice_value": measured.key.value,
        "answer": verdict.answer,
        "needs": verdict.needs,
        "reason": render_verdict(verdict),
        "mix": asdict(measured.mix),
        "explanation": explained(measured.explanation)
        | ({"examples": [_told(pair) for pair in measured.explanation.examples]} if with_content else {}),
        "features": [_shown_finding(finding, verdict) for finding in verdict.findings],
    }


def _shown_finding(finding: Finding, verdict: Verdict) -> dict[str, Any]:
    evidence = finding.evidence
    return {
        "feature": evidence.feature.name,
        "answer": finding.answer,
        "needs": finding.needs,
        "effect": known(evidence.effect),
        "raw_effect": known(evidence.raw_effect),
        "p_value": evidence.p_value,
        "adjusted_p": finding.adjusted_p,
        "before_units": evidence.before_units,
        "after_units": evidence.after_units,
        "before": "" if evidence.before is None else str(evidence.before),
        "after": "" if evidence.after is None else str(evidence.after),
        "reason": render_finding(finding, verdict.measured.explanation),
        "figures": known(evidence.figures),
    }


def _told(pair: ExamplePair) -> dict[str, Any]:
    """An example with what was said."""

    def cut(side: dict[str, str]) -> dict[str, str]:
        return {name: text[:LONGEST_EXAMPLE] for name, text in side.items()}

    return {
        "before": cut(asdict(pair.before)),
        "after": cut(asdict(pair.after)),
        "is_same_question": pair.is_same_question,
    }
