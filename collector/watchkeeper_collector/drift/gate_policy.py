"""What a release may do: by how much each measure may get worse, and how many units it takes to say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Literal

from watchkeeper_collector.drift.features import Population
from watchkeeper_collector.errors import InvalidRequestError

Kind = Literal["share", "amount", "score"]
Worse = Literal["more", "less", "either"]
OnText = Literal["ignore", "warn", "fail"]

NEEDED_UNITS = 50
SCORE_TOLERANCE = 0.3
"""Of the baseline's standard deviation."""
PREFIX = "score."


@dataclass(frozen=True, slots=True)
class GateMeasure:
    """What is compared. ``tolerance`` is the least change for the worse that counts.

    Of a share it is points (0.02 is two per cent more of all calls), of an amount a part of the baseline's
    geometric mean, of a score standard deviations. ``sql`` is the value of a call; null: it says nothing.
    """

    name: str
    label: str
    kind: Kind
    tolerance: float
    sql: str = ""
    population: Population = "calls"
    worse: Worse = "more"


MEASURES = {
    measure.name: measure
    for measure in (
        GateMeasure("error_rate", "calls that fail", "share", 0.02, "IsError"),
        GateMeasure("latency_ms", "duration of a call", "amount", 0.15, "if(IsError, NULL, Duration / 1e6)"),
        GateMeasure("ttft_ms", "time to the first token", "amount", 0.15, "TimeToFirstTokenMs"),
        GateMeasure("cost_usd", "cost of a call", "amount", 0.1, "CostUsd"),
        GateMeasure("input_tokens", "tokens read", "amount", 0.15, "InputTokens"),
        GateMeasure("output_tokens", "tokens written", "amount", 0.15, "OutputTokens"),
        GateMeasure("refusal_rate", "answers that decline", "share", 0.03, "IsRefusal", "answers"),
        GateMeasure("empty_rate", "empty answers", "share", 0.02, "IsEmpty", "answers"),
        GateMeasure("truncation_rate", "answers cut at the token limit", "share", 0.03, "IsTruncated"),
        GateMeasure(
            "invalid_json_rate",
            "answers that were to be JSON and are not",
            "share",
            0.03,
            "if(IsJsonExpected, NOT IsJson, NULL)",
            "answers",
        ),
        GateMeasure(
            "invalid_tool_call_rate",
            "tool calls that can't be read",
            "share",
            0.03,
            "if(ToolCallCount > 0, InvalidToolCallCount > 0, NULL)",
            "answers",
        ),
        GateMeasure(
            "code_fence_rate",
            "answers with a code fence",
            "share",
            0.1,
            "HasCodeFence",
            "answers",
            worse="either",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Policy:
    """``scores`` holds how scores are judged by name; others are judged as ``score_measure`` says."""

    measures: Mapping[str, GateMeasure] = field(default_factory=lambda: dict(MEASURES))
    scores: Mapping[str, GateMeasure] = field(default_factory=dict)
    ignored_scores: frozenset[str] = frozenset()
    min_units: int = NEEDED_UNITS
    text: OnText = "warn"

    def score(self, name: str) -> GateMeasure | None:
        """How a score is judged; ``None``: not at all."""
        if name in self.ignored_scores:
            return None
        return self.scores.get(name) or score_measure(name)


def score_measure(name: str) -> GateMeasure:
    return GateMeasure(PREFIX + name, f"score {name}", "score", SCORE_TOLERANCE, worse="less")


def read_policy(document: Mapping[str, Any]) -> Policy:
    """What a document says, beside the defaults. Raises ``InvalidRequestError`` with every fault."""
    faults: list[str] = []
    _check_names(document, ("measures", "scores", "min_units", "text"), "", faults)
    measures = dict(MEASURES)
    for name, given in _table(document, "measures", faults).items():
        if name not in MEASURES:
            faults.append(f"measures.{name[:60]}: there is no such measure{_meant(name, MEASURES)}")
        elif (found := _read_part(MEASURES[name], given, f"measures.{name}", faults)) is not None:
            measures[name] = found
        else:
            del measures[name]
    scores = {
        name: _read_part(score_measure(name), given, f"scores.{name[:60]}", faults)
        for name, given in _table(document, "scores", faults).items()
    }
    ignored = {name for name, measure in scores.items() if measure is None}
    known = {name: measure for name, measure in scores.items() if measure is not None}
    min_units = document.get("min_units", NEEDED_UNITS)
    if not isinstance(min_units, int) or isinstance(min_units, bool) or not 10 <= min_units <= 100_000:
        faults.append(f"min_units: '{min_units}' is no number of units. Expected 10 to 100000.")
    text = document.get("text", "warn")
    if text not in ("ignore", "warn", "fail"):
        faults.append(f"text: '{str(text)[:60]}' is none of ignore, warn, fail.")
    if faults:
        raise InvalidRequestError("The policy can't be used. " + " ".join(dict.fromkeys(faults)))
    return Policy(measures, known, frozenset(ignored), min_units, text)


def _table(document: Mapping[str, Any], name: str, faults: list[str]) -> Mapping[str, Any]:
    found = document.get(name, {})
    if isinstance(found, Mapping):
        return found
    faults.append(f"{name}: expected a table.")
    return {}


def _read_part(usual: GateMeasure, given: Any, place: str, faults: list[str]) -> GateMeasure | None:
    """``None``: it is not to be looked at."""
    if given is False:
        return None
    if isinstance(given, Mapping):
        return _read_measure(usual, given, place, faults)
    faults.append(f"{place}: expected a table such as {{tolerance = 0.05}}, or false.")
    return usual


def _read_measure(usual: GateMeasure, given: Mapping[str, Any], place: str, faults: list[str]) -> GateMeasure:
    _check_names(given, ("tolerance", "worse"), f"{place}.", faults)
    tolerance, worse = given.get("tolerance", usual.tolerance), given.get("worse", usual.worse)
    if not isinstance(tolerance, int | float) or isinstance(tolerance, bool) or not 0 < tolerance <= 10:
        faults.append(f"{place}.tolerance: '{str(tolerance)[:60]}' is no change. Expected one such as 0.05.")
    elif worse not in ("more", "less", "either"):
        faults.append(f"{place}.worse: '{str(worse)[:60]}' is none of more, less, either.")
    else:
        return replace(usual, tolerance=float(tolerance), worse=worse)
    return usual


def _check_names(given: Mapping[str, Any], known: Sequence[str], place: str, faults: list[str]) -> None:
    faults += [
        f"{place}{str(name)[:60]}: there is no such field{_meant(str(name), known)}"
        for name in given
        if name not in known
    ]


def _meant(name: str, known: Any) -> str:
    near = get_close_matches(name, list(known), 1)
    return f"; did you mean '{near[0]}'?" if near else f". There is: {', '.join(known)}."
