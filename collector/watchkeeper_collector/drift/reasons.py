"""Verdicts in words."""

from collections.abc import Sequence

from watchkeeper_collector.drift.comparing import Verdict
from watchkeeper_collector.drift.explanation import Explanation, TellingString
from watchkeeper_collector.drift.verdict import SEVERITY, Evidence, Finding

MOST_REASONS = 3
MOST_STRINGS = 2


def render_finding(finding: Finding, explanation: Explanation | None = None) -> str:
    """One feature's verdict: what changed from what to what, of how many units, how sure."""
    evidence = finding.evidence
    label = evidence.feature.label
    if finding.answer == "unknown":
        return f"{label}: cannot tell yet, needs {finding.needs:,} more"
    change = _render_change(evidence, explanation or Explanation())
    if finding.answer == "no":
        return f"{label}: no drift ({change})"
    units = f"{evidence.before_units:,} and {evidence.after_units:,} sessions or traces"
    return f"{label}: {change} of {units}, p {_render_p(finding.adjusted_p)}"


def render_verdict(verdict: Verdict) -> str:
    """A slice's verdict: the greatest of its findings, or what is missing."""
    if verdict.answer == "unknown":
        return f"Cannot tell yet: needs {verdict.needs:,} more sessions or traces."
    drifted = leading(verdict.findings)
    if not drifted:
        return "No drift."
    reasons = [render_finding(finding, verdict.measured.explanation) for finding in drifted[:MOST_REASONS]]
    more = f"; and {len(drifted) - MOST_REASONS} more" if len(drifted) > MOST_REASONS else ""
    return f"{verdict.answer.capitalize()} drift. {'; '.join(reasons)}{more}."


def leading(findings: Sequence[Finding]) -> list[Finding]:
    """The features that drifted: the gravest first, of equal ones what is furthest beyond its threshold.

    A share or a number that has a name comes before the text, which only says that something changed.
    """
    drifted = [finding for finding in findings if finding.is_drift]
    return sorted(
        drifted,
        key=lambda finding: (
            -SEVERITY.index(finding.answer),
            finding.evidence.feature.kind == "text",
            -abs(finding.evidence.effect) / finding.evidence.feature.major,
        ),
    )


def _render_change(evidence: Evidence, explanation: Explanation) -> str:
    kind = evidence.feature.kind
    if kind == "proportion":
        return f"{_percent(evidence.before)} → {_percent(evidence.after)}"
    if kind == "numeric":
        values = f"median {_number(evidence.before)} → {_number(evidence.after)}"
        return f"{values} (D {evidence.effect:.2f})"
    if kind == "category":
        return f"mostly {evidence.before} → {evidence.after} (PSI {evidence.effect:.2f})"
    strings = [*explanation.more[:MOST_STRINGS], *explanation.fewer[:MOST_STRINGS]]
    told = ", ".join(map(_render_string, strings))
    return f"told apart in {evidence.effect:.0%} of pairs" + (f" by {told}" if told else "")


def _render_string(string: TellingString) -> str:
    shown = string.text.replace("\n", "⏎").strip()
    name = f" ({string.name})" if string.name else ""
    return f"'{shown}'{name} {string.before:.0%} → {string.after:.0%}"


def _percent(share: float | str | None) -> str:
    return "?" if share is None else f"{float(share):.1%}".replace(".0%", "%")


def _number(value: float | str | None) -> str:
    return "?" if value is None else f"{float(value):,.4g}"


def _render_p(p_value: float) -> str:
    return "< 1e-9" if p_value < 1e-9 else f"{p_value:.2g}"
