"""Two releases, or any two slices, compared: a verdict on each measure, and whether the second may ship."""

import math
from collections.abc import Sequence
from typing import Any

from watchkeeper_collector.drift.checks import explained, judge_all
from watchkeeper_collector.drift.comparing import WHOLE
from watchkeeper_collector.drift.features import POPULATIONS, TEXT, Population
from watchkeeper_collector.drift.gate_policy import GateMeasure, Policy
from watchkeeper_collector.drift.gating import Compared, Judged, Verdict, compare_values, judge_release, worst
from watchkeeper_collector.drift.reasons import render_finding
from watchkeeper_collector.drift.release_values import load_scores, load_values
from watchkeeper_collector.drift.sampling import match_units
from watchkeeper_collector.drift.sides import Comparison

WORDS: dict[Verdict, str] = {"pass": "Pass", "fail": "Fail", "unknown": "Cannot tell yet", "warn": "Pass"}
MOST_REASONS = 5


def compare_releases(comparison: Comparison, policy: Policy) -> dict[str, Any]:
    """The verdict as the API answers it. The baseline is the comparison's first side."""
    populations: tuple[Population, ...] = ("calls", "answers")
    units = {population: match_units(comparison, population) for population in populations}
    compared = [
        compare_values(measure, *pair)
        for one in units.values()
        for measure, pair in load_values(one, list(policy.measures.values()))
    ]
    for name, pair in load_scores(comparison, POPULATIONS).items():
        if (measure := policy.score(name)) is not None:
            compared.append(compare_values(measure, *pair))
    judged = judge_release([one for one in compared if one.before_units or one.after_units], policy.min_units)
    text = _judge_text(comparison, policy) if policy.text != "ignore" else None
    calls = units["calls"]
    return _render(judged, text, (calls.before_units, calls.after_units))


def _judge_text(comparison: Comparison, policy: Policy) -> dict[str, Any] | None:
    """Whether answers read differently: by itself that is neither better nor worse."""
    (verdict,) = judge_all(comparison, [WHOLE])
    found = next((one for one in verdict.findings if one.evidence.feature is TEXT), None)
    if found is None:
        return None
    strict = policy.text == "fail"
    answers: dict[str, Verdict] = {
        "no": "pass",
        "unknown": "unknown" if strict else "pass",
        "minor": "fail" if strict else "warn",
        "major": "fail" if strict else "warn",
    }
    explanation = verdict.measured.explanation
    return {
        "verdict": answers[found.answer],
        "needs": found.needs,
        "area_under_curve": _finite(found.evidence.effect),
        "adjusted_p": found.adjusted_p,
        "before_units": found.evidence.before_units,
        "after_units": found.evidence.after_units,
        "reason": render_finding(found, explanation),
        "explanation": explained(explanation),
    }


def _render(judged: Sequence[Judged], text: dict[str, Any] | None, units: tuple[int, int]) -> dict[str, Any]:
    measures = [_render_measure(one) for one in judged]
    verdicts: list[Verdict] = [one.verdict for one in judged]
    verdict = worst([*verdicts, *([text["verdict"]] if text and verdicts else [])])
    needs = max((one["needs"] for one in measures if one["verdict"] == "unknown"), default=0)
    reasons = [one["reason"] for one in [*measures, *([text] if text else [])] if one["verdict"] == verdict]
    return {
        "verdict": "pass" if verdict == "warn" else verdict,
        "reason": _reason(verdict, reasons, needs, len(measures)),
        "needs": needs,
        "before_units": units[0],
        "after_units": units[1],
        "measures": measures,
        "text": text,
    }


def _reason(verdict: Verdict, reasons: Sequence[str], needs: int, measures: int) -> str:
    if not measures:
        return "Cannot tell yet: neither side has calls with anything to compare."
    if verdict == "pass":
        return f"Pass: none of {measures} measures got worse by its tolerance."
    more = f"; and {len(reasons) - MOST_REASONS} more" if len(reasons) > MOST_REASONS else ""
    words = f"{WORDS[verdict]}: {'; '.join(reasons[:MOST_REASONS])}{more}."
    return (
        f"{words} It takes about {needs:,} more sessions or traces."
        if verdict == "unknown" and needs
        else words
    )


def _render_measure(judged: Judged) -> dict[str, Any]:
    one = judged.compared
    return {
        "measure": one.measure.name,
        "label": one.measure.label,
        "kind": one.measure.kind,
        "verdict": judged.verdict,
        "needs": judged.needs,
        "before": _finite(one.before),
        "after": _finite(one.after),
        "change": _finite(one.change),
        "low": _finite(one.interval.low),
        "high": _finite(one.interval.high),
        "tolerance": one.measure.tolerance,
        "adjusted_p": judged.adjusted_p,
        "before_units": one.before_units,
        "after_units": one.after_units,
        "reason": _render_reason(judged),
    }


def _render_reason(judged: Judged) -> str:
    one, label = judged.compared, judged.compared.measure.label
    if judged.verdict == "unknown" and not judged.compared.interval.high >= -math.inf:
        return f"{label}: too little data"
    change = f"{_value(one.measure, one.before)} → {_value(one.measure, one.after)}"
    between = f"{_change(one, one.interval.low)} to {_change(one, one.interval.high)} worse"
    return f"{label}: {change} ({between}, tolerance {_change(one, one.measure.tolerance)})"


def _value(measure: GateMeasure, value: float) -> str:
    return f"{100 * value:.1f} %" if measure.kind == "share" else f"{value:,.4g}"


def _change(one: Compared, change: float) -> str:
    match one.measure.kind:
        case "share":
            return f"{100 * change:+.1f} points"
        case "amount":
            return f"{100 * change:+.0f} %"
        case _:
            return f"{change:+.2f} sd"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
