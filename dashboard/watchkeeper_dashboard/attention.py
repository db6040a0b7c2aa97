"""What needs attention now: each finding in a line, with the page where one acts on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.client import Answers, Question
from watchkeeper_dashboard.drifting.newest import drift_questions, find_newest
from watchkeeper_dashboard.drifting.words import ANSWERS, TONES, slice_name
from watchkeeper_dashboard.places import link
from watchkeeper_dashboard.states import Tone, box
from watchkeeper_dashboard.urgency import WARNING, urgency_of
from watchkeeper_dashboard.view import View

OLD_BACKLOG_S = 60
FEW = 4
ICONS: Mapping[str, str] = {
    "bad": ":red[:material/error:]",
    "warning": ":orange[:material/warning:]",
    "good": ":green[:material/check_circle:]",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """``title`` and ``text`` may hold telemetry; ``parameters`` go into the URL of the page ``file``."""

    tone: Tone
    title: str
    text: str
    file: str
    parameters: Mapping[str, str]


def questions(view: View) -> dict[str, Question]:
    """What has to be asked for :func:`find`."""
    return {
        "status": Question("/status"),
        "alerts": Question("/alerts", {"is_firing": "true", "limit": 50}),
        "new_errors": Question("/errors", {**view.slice(), "state": ["new", "regressed"], "limit": FEW}),
        "budgets": Question("/budgets", {"limit": 50}),
        "unpriced": view.query("unpriced_calls"),
        **drift_questions(),
    }


def find(answers: Answers) -> list[Finding]:
    """The findings, the worst first. What could not be asked is left out: the page says that elsewhere."""
    found = [
        *_of_alerts(answers.get("alerts")),
        *_of_collector(answers.get("status")),
        *_of_budgets(answers.get("budgets")),
        *_of_errors(answers.get("new_errors")),
        *_of_drift(answers),
        *_of_prices(answers.get("unpriced")),
    ]
    return sorted(found, key=lambda finding: finding.tone != "bad")


def show(findings: list[Finding], view: View) -> None:
    if not findings:
        box(
            "All is quiet",
            "No alert fires, no new errors, no drift, budgets within their limits, every model has a price,"
            " ingest is well.",
            "good",
        )
    for place, finding in enumerate(findings):
        with st.container(gap="xxsmall", key=f"finding_{place}"):
            label = f"{ICONS[finding.tone]} **{plain.markdown(plain.short(finding.title, 48))}**"
            link(label, finding.file, view, icon="", **finding.parameters)
            st.html(f'<div class="wk-note wk-finding">{plain.html(plain.short(finding.text, 90))}</div>')


def _of_alerts(alerts: Mapping[str, Any] | None) -> Iterator[Finding]:
    """One finding for each rule that fires; what nobody is woken for is a warning."""
    firing = sorted((alerts or {}).get("items", ()), key=lambda alert: alert["alert"])
    for name, group in groupby(firing, key=lambda alert: alert["alert"]):
        found = sorted(group, key=urgency_of)
        first = found[0]
        more = f" And {len(found) - 1} more." if len(found) > 1 else ""
        summary = first["annotations"].get("summary") or ""
        text = f"Since {units.duration_s(first['age_s'])}. {summary}{more}"
        yield Finding(
            "bad" if urgency_of(first) < WARNING else "warning", f"{name} fires", text, "alerts", {}
        )


def _of_collector(status: Mapping[str, Any] | None) -> Iterator[Finding]:
    if status is None:
        return
    spool = status["spool"]
    if status["store"]["problem"]:
        yield Finding("bad", "ClickHouse is in trouble", status["store"]["problem"], "data", {})
    if status["state"]["problem"]:
        yield Finding("bad", "The store of keys is in trouble", status["state"]["problem"], "data", {})
    if spool["oldest_age_s"] > OLD_BACKLOG_S:
        text = f"Telemetry waits for ClickHouse since {units.duration_s(spool['oldest_age_s'])}."
        yield Finding("warning", "Ingest is behind", text, "data", {})
    if spool["dead_letters"]:
        text = "They are kept, and can be replayed."
        yield Finding("warning", f"{units.count(spool['dead_letters'])} refused requests", text, "data", {})


def _of_budgets(budgets: Mapping[str, Any] | None) -> Iterator[Finding]:
    for budget in (budgets or {}).get("items", ()):
        use = budget["use"]
        if use["state"] == "ok":
            continue
        title = f"Budget {budget['name']} is {'spent' if use['state'] == 'over' else 'at risk'}"
        text = (
            f"{units.usd(use['spent_usd'])} of {units.usd(budget['limit_usd'])} this {budget['period']},"
            f" {units.usd(use['forecast']['expected_usd'])} expected."
        )
        yield Finding("bad" if use["state"] == "over" else "warning", title, text, "spend", {})


def _of_errors(groups: Mapping[str, Any] | None) -> Iterator[Finding]:
    for group in (groups or {}).get("items", ()):
        what = " · ".join(filter(None, (group["error_type"], group["model"] or group["provider"])))
        title = f"{'New' if group['state'] == 'new' else 'Back again'}: {what or 'error'}"
        text = f"{_times(group['count'])}, {units.ago(group['last_seen'])}. {group['message']}"
        tone: Tone = "bad" if group["state"] == "regressed" else "warning"
        yield Finding(tone, title, text, "error_group", {"group": group["fingerprint"]})


def _times(number: int) -> str:
    return "once" if number == 1 else f"{units.count(number)} times"


def _of_drift(answers: Answers) -> Iterator[Finding]:
    """What drifts still; a single window may be chance, as for alerts."""
    for newest in find_newest(answers)[:FEW]:
        about = slice_name(newest["slice_by"], newest["slice_value"])
        title = f"{ANSWERS[newest['answer']].capitalize()}: {about}"
        tone: Tone = TONES[newest["answer"]]
        yield Finding(tone, title, newest["reason"].partition(". ")[2] or newest["reason"], "drift", {})


def _of_prices(unpriced: Mapping[str, Any] | None) -> Iterator[Finding]:
    calls = unpriced["rows"][0]["unpriced_calls"] if unpriced and unpriced["rows"] else 0
    if calls:
        text = "Their cost is not known, and missing in every sum. Say what the models cost."
        yield Finding(
            "warning", f"{units.count(calls)} calls without a price", text, "data", {"part": "prices"}
        )
