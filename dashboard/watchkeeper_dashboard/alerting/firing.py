"""What fires now: since when, by how much, and what one can do about it here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import parse_qs, urlsplit

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.alerting.silences import ask_for_silence
from watchkeeper_dashboard.changes import attempt
from watchkeeper_dashboard.client import Question, path_of
from watchkeeper_dashboard.panels import chips
from watchkeeper_dashboard.places import link
from watchkeeper_dashboard.states import box, note
from watchkeeper_dashboard.urgency import ERROR, PAGE, WARNING, urgency_of
from watchkeeper_dashboard.view import View, read_view
from watchkeeper_dashboard.visit import Visit

Alert = Mapping[str, Any]
MOST_ALERTS, MOST_CHARTS = 100, 12
ICONS = {
    PAGE: ":red[:material/notifications_active:]",
    ERROR: ":red[:material/error:]",
    WARNING: ":orange[:material/warning:]",
}
QUIET_ICON = ":gray[:material/notifications:]"
HIDDEN_LABELS = {"alertname", "project", "severity"}


@dataclass(frozen=True, slots=True)
class Known:
    """Of alerts: who takes care, by episode; what their measure was like, by fingerprint."""

    taken: Mapping[str, Any]
    courses: Mapping[str, "Course"]


@dataclass(frozen=True, slots=True)
class Course:
    values: Sequence[float] = ()
    unit: str = "count"


def show_firing(visit: Visit, view: View) -> None:
    answers = visit.ask(
        alerts=Question("/alerts", {"limit": MOST_ALERTS}),
        acknowledgements=Question("/alerts/acknowledgements"),
        silences=Question("/silences", {"state": "active", "limit": 1}),
        status=Question("/alerts/status"),
    )
    alerts = answers["alerts"]["items"]
    firing = sorted((alert for alert in alerts if alert["is_firing"]), key=_urgency)
    _show_standing(answers["status"], answers["silences"])
    if not firing:
        _show_calm(answers["status"])
    taken = {one["episode"]: one for one in answers["acknowledgements"]["items"]}
    known = Known(taken, _load_courses(visit, firing[:MOST_CHARTS]))
    for name, group in groupby(firing, key=lambda alert: alert["alert"]):
        _show_group(visit, view, name, list(group), known)
    _show_waiting([alert for alert in alerts if not alert["is_firing"]])


def _urgency(alert: Alert) -> tuple[int, str, float]:
    return urgency_of(alert), alert["alert"], alert["age_s"]


def _show_standing(status: Mapping[str, Any], silences: Mapping[str, Any]) -> None:
    if not status["is_enabled"]:
        box("Alerting is off", "Rules are not evaluated here: see the setting alerts_enabled.", "warning")
    if status["rules_problem"]:
        box("The newest rule files were not taken", status["rules_problem"], "bad")
    if silences["items"]:
        note("Silences are in force: some alerts notify nobody. They are shown here all the same.")


def _show_calm(status: Mapping[str, Any]) -> None:
    rules = sum(len(group["rules"]) for group in status["groups"])
    if rules:
        box("Nothing fires", f"{units.count(rules)} rules are evaluated, and none of them is met.", "good")
    else:
        box(
            "No rule was evaluated yet",
            "Rules come with Watchkeeper and are evaluated from the first minute on. Your own are made under"
            " rules, or in files: `watchkeeper rules check` says what is wrong with one.",
        )


def _load_courses(visit: Visit, alerts: Sequence[Alert]) -> dict[str, Course]:
    """The measure's course of each alert, for a sparkline."""
    charts = {alert["fingerprint"]: alert["chart"] for alert in alerts if alert["chart"]}
    found = visit.ask(
        **{fingerprint: Question("/query", dict(chart)) for fingerprint, chart in charts.items()}
    )
    return {
        fingerprint: _read_course(answer, chart["measures"])
        for fingerprint, chart in charts.items()
        if (answer := found.get(fingerprint))
    }


def _read_course(answer: Mapping[str, Any], measure: str) -> Course:
    return Course([row[measure] or 0 for row in answer["rows"]], answer["measures"][0]["unit"])


def _show_group(visit: Visit, view: View, name: str, alerts: Sequence[Alert], known: Known) -> None:
    icon = ICONS.get(urgency_of(alerts[0]), QUIET_ICON)
    number = f" · {len(alerts)} series" if len(alerts) > 1 else ""
    with st.container(border=True, gap="small", key=f"alert_{alerts[0]['fingerprint']}"):
        st.markdown(f"{icon} **{plain.markdown(plain.short(name, 80))}**{number}")
        for alert in alerts:
            _show_alert(visit, view, alert, known)


def _show_alert(visit: Visit, view: View, alert: Alert, known: Known) -> None:
    acknowledged = known.taken.get(alert["episode"])
    text, numbers = st.columns((2.2, 1), gap="small", vertical_alignment="center")
    with text:
        summary = alert["annotations"].get("summary") or alert["alert"]
        st.html(f'<div class="wk-text">{plain.html(summary)}</div>')
        for extra in (alert["annotations"].get("description"), alert["reason"]):
            if extra:
                note(extra)
        labels = [pair for pair in alert["labels"].items() if pair[0] not in HIDDEN_LABELS and pair[1]]
        chips([("since", units.ago(alert["fired_at"])), *labels])
        if acknowledged:
            note(f"Taken care of by {acknowledged['author'] or 'somebody'}. {acknowledged['comment']}")
    with numbers:
        _show_value(alert, known.courses.get(alert["fingerprint"], Course()))
    _show_ways(visit, view, alert, is_taken=acknowledged is not None)


def _show_value(alert: Alert, course: Course) -> None:
    figures = alert["figures"]
    title, unit = _about(figures, course.unit)
    limit = figures.get("threshold")
    against = f"threshold {units.render(limit, unit)}" if isinstance(limit, int | float) else ""
    st.metric(
        plain.markdown(plain.short(title, 50)),
        units.render(alert["value"], unit).replace("$", "\\$"),
        delta=against.replace("$", "\\$") or None,
        delta_color="off",
        delta_arrow="off",
        chart_data=list(course.values) if any(course.values) else None,
        chart_type="area",
    )


def _about(figures: Mapping[str, Any], unit: str) -> tuple[str, str]:
    """What the alert's value is, and its unit: not of every kind of rule it is the measure itself."""
    measure = str(figures.get("measure", "value"))
    if "short_rate" in figures:
        return f"burn rate, {measure}", "count"
    if "limit_usd" in figures:
        return "share of the budget", "ratio"
    match figures.get("scale"):
        case "factor":
            return f"{measure}, times as much", "count"
        case "percent":
            return f"change of {measure}", "ratio"
        case "absolute":
            return f"change of {measure}", unit
        case _:
            return measure, unit


def _show_ways(visit: Visit, view: View, alert: Alert, *, is_taken: bool) -> None:
    fingerprint = alert["fingerprint"]
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if not is_taken and st.button(
            "Acknowledge",
            key=f"ack_{fingerprint}",
            icon=":material/check:",
            help="It is not repeated until it resolves, and pagers are told.",
        ):
            attempt(visit, "POST", path_of("alerts", fingerprint, "ack"), {}, done="You take care of it")
        with st.popover("Silence", icon=":material/notifications_off:"):
            ask_for_silence(visit, alert["labels"], fingerprint)
        if path := alert["links"].get("traces"):
            link("Traces behind it", "traces", read_link(path, view), icon=":material/account_tree:")
        if trace_id := alert["links"].get("trace"):
            link("An example", "trace", view, icon=":material/search:", id=trace_id)
        runbook = alert["annotations"].get("runbook_url", "")
        if runbook.startswith("https://"):
            st.link_button("Runbook", runbook, icon=":material/menu_book:", type="tertiary")


def read_link(path: str, view: View) -> View:
    """The view that a path of the dashboard describes; anything else gives the one there is."""
    given = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    try:
        return read_view(given)
    except ValueError:
        return view


def _show_waiting(alerts: Sequence[Alert]) -> None:
    if not alerts:
        return
    with st.expander(f"{len(alerts)} on the way: pending, or without data"):
        for alert in alerts:
            labels = ", ".join(
                f"{name} {value}" for name, value in alert["labels"].items() if name != "alertname"
            )
            note(f"{alert['alert']} · {alert['state']} · {units.ago(alert['active_at'])} · {labels}")
