"""What the doctor finds: each fact with its verdict, and what to do where it isn't well."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from watchkeeper_collector.cli.console import clean


class Verdict(StrEnum):
    """``NOTE`` is worth knowing and makes nobody ill."""

    WELL = "ok"
    NOTE = "note"
    WRONG = "WRONG"


COLOURS = {Verdict.WELL: "green", Verdict.NOTE: "yellow", Verdict.WRONG: "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """``advice`` says what to do; empty where nothing is to be done."""

    verdict: Verdict
    subject: str
    text: str
    advice: str = ""


def well(subject: str, text: str) -> Finding:
    return Finding(Verdict.WELL, subject, text)


def note(subject: str, text: str, advice: str = "") -> Finding:
    return Finding(Verdict.NOTE, subject, text, advice)


def wrong(subject: str, text: str, advice: str) -> Finding:
    return Finding(Verdict.WRONG, subject, text, advice)


def is_healthy(findings: Iterable[Finding]) -> bool:
    return all(finding.verdict is not Verdict.WRONG for finding in findings)


def render_finding(finding: Finding) -> list[str]:
    """One line, and one more with the advice."""
    lines = [f"{finding.verdict:<6} {finding.subject:<14} {clean(finding.text)}"]
    return [*lines, f"{'':<21} → {finding.advice}"] if finding.advice else lines
