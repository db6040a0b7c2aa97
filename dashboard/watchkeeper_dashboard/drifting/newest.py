"""What drifts at present, for the overview."""

from typing import Any

from watchkeeper_dashboard.client import Answers, Question
from watchkeeper_dashboard.drifting.words import DRIFT, length_of, series_of, slice_name
from watchkeeper_dashboard.units import DAY_S

CONFIRMED_WINDOWS = 2
RECENT, RECENT_DAYS = "-3h", "-26h"


def drift_questions() -> dict[str, Question]:
    """Every slice of the last hours, and the project's days."""
    return {
        "drift": Question("/drift", {"start": RECENT, "limit": 300}),
        "drift_days": Question("/drift", {"start": RECENT_DAYS, "slice_by": "project", "limit": 100}),
    }


def find_newest(answers: Answers) -> list[dict[str, Any]]:
    """Of each slice the newest verdict, where it is drift of two windows on end, or of a whole day."""
    newest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in _asked(answers):
        key = (series_of(one), length_of(one), one["slice_by"], one["slice_value"])
        newest.setdefault(key, one)
    drifted: dict[tuple[str, str], dict[str, Any]] = {}
    for one in filter(_is_confirmed, newest.values()):
        drifted.setdefault((one["slice_by"], one["slice_value"]), one)
    return sorted(drifted.values(), key=lambda one: (one["answer"] != "major", one["slice_by"] != "project"))


def drift_in_words(answers: Answers) -> str:
    """The newest verdict on the project's calls; empty where nobody looked, or a finding says it."""
    found = next((one for one in _asked(answers) if one["slice_by"] == "project"), None)
    if found is None or _is_confirmed(found):
        return ""
    return f"Drift of {slice_name('project', '')}: {found['reason']}"


def _asked(answers: Answers) -> list[dict[str, Any]]:
    return [one for name in ("drift", "drift_days") for one in (answers.get(name) or {}).get("items", ())]


def _is_confirmed(verdict: dict[str, Any]) -> bool:
    is_long = length_of(verdict).total_seconds() >= DAY_S
    return verdict["answer"] in DRIFT and (is_long or verdict["windows"] >= CONFIRMED_WINDOWS)
