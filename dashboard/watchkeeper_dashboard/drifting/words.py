"""Verdicts on drift as people read them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from watchkeeper_dashboard.states import Tone
from watchkeeper_dashboard.units import read_time

Verdict = Mapping[str, Any]
ANSWERS: Mapping[str, str] = {
    "no": "no drift",
    "minor": "minor drift",
    "major": "major drift",
    "unknown": "cannot tell yet",
}
TONES: Mapping[str, Tone] = {"no": "good", "minor": "warning", "major": "bad", "unknown": ""}
DRIFT = ("minor", "major")
USUAL, USUAL_NAME = ("season", "rolling"), "usual"
KINDS: Mapping[str, str] = {
    "response_model": "another model answers",
    "fingerprint": "another fingerprint",
    "api_version": "another API version",
    "answers": "answers changed though nothing was said",
}


@dataclass(frozen=True, slots=True)
class Spell:
    """Windows on end in which one slice drifted from one baseline: one change. The newest window is first."""

    windows: Sequence[Verdict]

    @property
    def newest(self) -> Verdict:
        return self.windows[0]

    @property
    def worst(self) -> Verdict:
        """The gravest window, of equal ones the newest."""
        return max(self.windows, key=lambda one: DRIFT.index(one["answer"]))

    @property
    def start(self) -> str:
        return str(self.windows[-1]["window_start"])

    @property
    def end(self) -> str:
        return str(self.newest["window_end"])


def find_spells(verdicts: Iterable[Verdict]) -> list[Spell]:
    """Windows with drift, those on end together; what ended last is first, and of that the whole project."""
    drifted = sorted((one for one in verdicts if one["answer"] in DRIFT), key=_series)
    spells = [spell for _, group in groupby(drifted, _series) for spell in _cut(list(group))]
    return sorted(spells, key=lambda spell: (spell.end, spell.newest["slice_by"] == "project"), reverse=True)


def series_of(verdict: Verdict) -> str:
    """The baseline, where it makes no difference which of the usual ones it was."""
    return USUAL_NAME if verdict["baseline"] in USUAL else str(verdict["baseline"])


def length_of(verdict: Verdict) -> timedelta:
    return read_time(verdict["window_end"]) - read_time(verdict["window_start"])


def slice_name(by: str, value: str) -> str:
    """As a subject of a sentence; the value is telemetry's."""
    return "all calls" if by == "project" else f"{by} {value or '(none)'}"


def _series(verdict: Verdict) -> tuple[str, str, str, timedelta]:
    return series_of(verdict), verdict["slice_by"], verdict["slice_value"], length_of(verdict)


def _cut(windows: Sequence[Verdict]) -> Iterator[Spell]:
    """At every window that is missing."""
    ordered = sorted(windows, key=lambda one: one["window_start"], reverse=True)
    spell = ordered[:1]
    for one in ordered[1:]:
        if one["window_end"] != spell[-1]["window_start"]:
            yield Spell(spell)
            spell = []
        spell.append(one)
    yield Spell(spell)
