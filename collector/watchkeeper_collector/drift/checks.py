"""One window of a project, checked: all slices against a baseline, as rows to keep."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from watchkeeper_collector.drift.baselines import Baseline
from watchkeeper_collector.drift.comparing import Verdict, judge_slices, measure_slice
from watchkeeper_collector.drift.explanation import Explanation
from watchkeeper_collector.drift.reasons import render_finding, render_verdict
from watchkeeper_collector.drift.results import Result, read_results, series_of
from watchkeeper_collector.drift.sides import Comparison, Side
from watchkeeper_collector.drift.slices import SliceKey, find_slices
from watchkeeper_collector.drift.verdict import Finding
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import EPOCH, Window

MOST_TEXT_SLICES = 5
"""Reading texts is the dearest part of a check: it is done for the project and its greatest slices."""

Counted = Mapping[tuple[str, str, str], int]
"""Slice and feature to the number of windows on end in which it was drift."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdicts on a window, and the rows that are kept of them."""

    verdicts: Sequence[Verdict]
    results: Sequence[Result]


def check_window(
    source: Source, project: str, window: Window, baseline: Baseline, *, calls: int, checked_at: datetime
) -> Checked:
    """Compare a window with a baseline, slice by slice, in one family of questions."""
    after = Side(Slice(project, window))
    comparison = Comparison(source, baseline.side, after)
    verdicts = judge_all(comparison, find_slices(source, after))
    before = _windows_before(source, project, window, baseline.label)
    facts = {
        "project": project,
        "window_start": _moment(window.start_ns),
        "window_end": _moment(window.end_ns),
        "checked_at": checked_at,
        "baseline": baseline.label,
        "calls": calls,
    }
    results = [result for verdict in verdicts for result in _results(verdict, facts, before)]
    return Checked(verdicts, results)


def judge_all(comparison: Comparison, keys: Sequence[SliceKey], *, with_text: bool = True) -> list[Verdict]:
    """The verdicts on slices of a comparison, also on those that have nothing on a side."""
    return judge_slices(
        [
            measure_slice(comparison, key, with_text=with_text and place < MOST_TEXT_SLICES)
            for place, key in enumerate(keys)
        ]
    )


def _windows_before(source: Source, project: str, window: Window, baseline: str) -> Counted:
    """How often on end it was drift up to the window before: the same length, just before this one."""
    start = _moment(window.start_ns)
    length = _moment(window.end_ns) - start
    found = read_results(source, project, since_ns=_ns(start) - 1, until_ns=_ns(start))
    return {
        (result.slice_by, result.slice_value, result.feature): result.windows
        for result in found
        if result.window_end - result.window_start == length
        and series_of(result.baseline) == series_of(baseline)
    }


def _results(verdict: Verdict, facts: Mapping[str, Any], before: Counted) -> list[Result]:
    key = verdict.measured.key
    sliced = {**facts, "slice_by": key.by, "slice_value": key.value}

    def windows(feature: str, *, is_drift: bool) -> int:
        return before.get((key.by, key.value, feature), 0) + 1 if is_drift else 0

    whole = _whole(verdict, sliced, windows("", is_drift=verdict.answer in {"minor", "major"}))
    return [whole] + [
        _of_feature(
            finding,
            sliced,
            windows(finding.evidence.feature.name, is_drift=finding.is_drift),
            verdict.measured.explanation,
        )
        for finding in verdict.findings
    ]


def _whole(verdict: Verdict, sliced: Mapping[str, Any], windows: int) -> Result:
    mix = verdict.measured.mix
    p_values = [finding.adjusted_p for finding in verdict.findings]
    return Result(
        **sliced,
        feature="",
        answer=verdict.answer,
        needs=verdict.needs,
        windows=windows,
        effect=None,
        raw_effect=None,
        p_value=min(p_values, default=1.0),
        adjusted_p=min(p_values, default=1.0),
        before_units=mix.before_matched,
        after_units=mix.after_matched,
        before="",
        after="",
        reason=render_verdict(verdict),
        details={"mix": asdict(mix), "explanation": explained(verdict.measured.explanation)},
    )


def _of_feature(
    finding: Finding, sliced: Mapping[str, Any], windows: int, explanation: Explanation
) -> Result:
    evidence = finding.evidence
    return Result(
        **sliced,
        feature=evidence.feature.name,
        answer=finding.answer,
        needs=finding.needs,
        windows=windows,
        effect=known(evidence.effect),
        raw_effect=known(evidence.raw_effect),
        p_value=evidence.p_value,
        adjusted_p=finding.adjusted_p,
        before_units=evidence.before_units,
        after_units=evidence.after_units,
        before="" if evidence.before is None else str(evidence.before),
        after="" if evidence.after is None else str(evidence.after),
        reason=render_finding(finding, explanation),
        details=known(evidence.figures),
    )


def explained(explanation: Explanation) -> dict[str, Any]:
    """The explanation without what anybody wrote: strings of many answers, and where examples are."""

    def place(trace_id: str, span_id: str) -> dict[str, str]:
        return {"trace_id": trace_id, "span_id": span_id}

    return {
        "more": [asdict(string) for string in explanation.more],
        "fewer": [asdict(string) for string in explanation.fewer],
        "examples": [
            {
                "before": place(pair.before.trace_id, pair.before.span_id),
                "after": place(pair.after.trace_id, pair.after.span_id),
                "is_same_question": pair.is_same_question,
            }
            for pair in explanation.examples
        ],
    }


def known(value: Any) -> Any:
    """The value, with ``None`` for what is no finite number, at every depth: JSON has no NaN."""
    if isinstance(value, Mapping):
        return {key: known(part) for key, part in value.items()}
    if isinstance(value, list):
        return [known(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _moment(time_ns: int | None) -> datetime:
    return EPOCH + timedelta(microseconds=(time_ns or 0) // 1_000)


def _ns(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1_000
