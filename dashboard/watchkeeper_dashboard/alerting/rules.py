"""Rules: what is watched, how its evaluation is, what it would have done."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.alerting.documents import ask_for_document
from watchkeeper_dashboard.changes import attempt
from watchkeeper_dashboard.client import ApiError, Question, path_of
from watchkeeper_dashboard.panels import facts, panel
from watchkeeper_dashboard.states import box, note, section
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

Rule = Mapping[str, Any]
RULE = "alert_rule"
SPANS_OF_PREVIEW = {"the last day": "-1d", "the last week": "-7d", "the last 30 days": "-30d"}
COLUMNS = (
    Column("Rule", "alert", "text", "", "medium"),
    Column("Kind", "kind"),
    Column("State", "state", "text", "The worst of its series."),
    Column("Series", "series", "count", "At the last evaluation."),
    Column("Evaluated", "evaluated_at", "ago"),
    Column("Cost", lambda row: None if row["cost_s"] is None else row["cost_s"] * 1000, "seconds"),
    Column("Severity", lambda row: row["labels"].get("severity", "")),
    Column("From", lambda row: "a file" if row["source"] == "file" else "the API"),
    Column("Problem", "problem", "text", "Why it could not be evaluated.", "large"),
)
STATES = ("error", "firing", "recovering", "pending", "no_data")
EXAMPLE = {
    "alert": "SupportBotFails",
    "measure": "error_rate",
    "filter": "service:support-bot",
    "by": ["model"],
    "window": "10m",
    "condition": "> 5%",
    "recover": "4%",
    "min_count": 30,
    "for": "5m",
    "labels": {"severity": "warning"},
    "annotations": {"summary": "{{ value | percent }} of the calls to {{ labels.model }} fail"},
}
KIND_HINT = (
    "A rule is of the kind that its fields say: a bare condition is a threshold; `change`, `anomaly`,"
    " `burn_rate`, `budget`, `drift` and `absence` are blocks of their own."
)


def show_rules(visit: Visit, view: View) -> None:
    del view
    answers = visit.ask(
        rules=Question("/alerts/rules"),
        status=Question("/alerts/status"),
        alerts=Question("/alerts", {"limit": 1000}),
    )
    rows = _rows(answers["rules"]["items"], answers["status"]["groups"], answers["alerts"]["items"])
    with panel("Rules", tip="A click shows one whole: what it would have done, pause, change."):
        if not rows:
            box("There are no rules", "The rules that come with Watchkeeper were taken out by a setting.")
        show_table(visit, rows, COLUMNS, "rules", _choose)
    if chosen := next((row for row in rows if row["id"] == st.session_state.get(RULE)), None):
        with section(visit, "rule"):
            _show_rule(visit, chosen)
    with st.expander("Make a rule", icon=":material/add:"):
        _make_rule(visit)


def _rows(rules: Sequence[Rule], groups: Sequence[Any], alerts: Sequence[Any]) -> list[dict[str, Any]]:
    evaluated = {rule["rule_uid"]: rule for group in groups for rule in group["rules"]}
    nothing = {"evaluated_at": None, "cost_s": None, "series": None, "problem": ""}
    rows = []
    for rule in rules:
        states = {alert["state"] for alert in alerts if alert["rule_uid"] == rule["id"]}
        worst = next((state for state in STATES if state in states), "inactive")
        known = evaluated.get(rule["id"], nothing)
        rows.append(
            {
                **rule,
                "state": "paused" if rule["is_paused"] else worst,
                **{name: known[name] for name in nothing},
            }
        )
    return rows


def _choose(row: Rule) -> None:
    st.session_state[RULE] = row["id"]


def _show_rule(visit: Visit, rule: Rule) -> None:
    with panel("Rule", key="chosen_rule"):
        st.markdown(f"### {plain.markdown(rule['alert'])}")
        facts(
            [
                ("Kind", rule["kind"]),
                ("Group", rule["group"]),
                ("Every", rule["interval"]),
                ("Looks back", rule["query_offset"]),
                ("For", rule["for"]),
                ("Goes on for", rule["keep_firing_for"]),
                ("Without data", rule["no_data"]),
                ("Labels", ", ".join(f"{name} {value}" for name, value in rule["labels"].items())),
                *((name.capitalize(), text) for name, text in rule["annotations"].items()),
                ("Problem", rule["problem"]),
            ]
        )
        with st.expander("Condition"):
            st.json(rule["condition"])
        _preview(visit, rule)
        if rule["source"] == "file":
            note("It is of a file: change it there. A reload takes all files or none.")
        else:
            _change(visit, rule)


def _preview(visit: Visit, rule: Rule) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        span = st.selectbox("Try it on", list(SPANS_OF_PREVIEW), index=1, width=220, key="preview_span")
        is_wanted = st.button("Preview", icon=":material/history:", key="preview")
    if is_wanted:
        show_preview(visit, {"rule_id": rule["id"], "start": SPANS_OF_PREVIEW[span]})


def show_preview(visit: Visit, asked: Mapping[str, Any]) -> None:
    """What a rule would have done, in words and one by one."""
    try:
        with st.spinner("Evaluating the past …"):
            found = visit.collector.send("POST", "/alerts/rules/preview", dict(asked))
    except ApiError as error:
        box("This rule can't be tried", error.message, "warning")
        return
    times = "once" if found["fired"] == 1 else f"{units.count(found['fired'])} times"
    title = f"It would have fired {times}" if found["fired"] else "It would not have fired"
    looked = (
        f"{units.count(found['evaluations'])} evaluations, one every {units.duration_s(found['interval_s'])}."
    )
    missing = found["no_data_evaluations"]
    less = f" In {units.count(missing)} of them no series had enough data." if missing else ""
    box(title, f"{looked}{less} {found['problem']}".strip(), "warning" if found["problem"] else "")
    if found["episodes"]:
        columns = (
            Column("From", "started_at", "time"),
            Column("To", "ended_at", "time"),
            Column("Value", "value", "number"),
            Column("Series", lambda row: [f"{k} {v}" for k, v in row["labels"].items()], "list", "", "large"),
        )
        show_table(visit, found["episodes"], columns, "preview_episodes")


def _change(visit: Visit, rule: Rule) -> None:
    path = ("alerts", "rules", rule["id"])
    with st.container(horizontal=True):
        if rule["is_paused"]:
            if st.button("Resume", icon=":material/play_arrow:", key="resume"):
                attempt(visit, "POST", path_of(*path, "resume"), done="It is evaluated again")
        elif st.button("Pause", icon=":material/pause:", key="pause", help="What it fires is resolved."):
            attempt(visit, "POST", path_of(*path, "pause"), done="It is paused")
        if st.button("Remove", icon=":material/delete:", key="remove"):
            attempt(visit, "DELETE", path_of(*path), done="It is removed")
    if rule["document"] is not None:
        with st.expander("Change"):
            if (changed := ask_for_document("change_rule", rule["document"], "Change")) is not None:
                attempt(visit, "PUT", path_of(*path), changed[1], done="It is changed")


def _make_rule(visit: Visit) -> None:
    note(KIND_HINT)
    wanted = ask_for_document("new_rule", EXAMPLE, "Make", second="Try it on the last week")
    if wanted is None:
        return
    button, document = wanted
    if button == "Make":
        attempt(visit, "POST", "/alerts/rules", document, done="The rule is made")
    else:
        show_preview(visit, {"rule": document, "start": "-7d"})
