"""How the collector does: what comes in, from whom, what is kept, and what was refused."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from watchkeeper_dashboard import plain, theme, units
from watchkeeper_dashboard.changes import attempt
from watchkeeper_dashboard.charts.series import build_stack, read_groups, read_measures
from watchkeeper_dashboard.charts.shares import Share, build_bars
from watchkeeper_dashboard.client import Question, path_of
from watchkeeper_dashboard.panels import chart, facts, panel
from watchkeeper_dashboard.states import box, note, section
from watchkeeper_dashboard.tables import Column, show_table
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

SAMPLE = 200
SKEWED_MS = -2000
"""Spans that end later than they arrive: their sender's clock is ahead."""
SENDERS = (
    Column("Service", "service", "text", "", "medium"),
    Column("Dialect", "convention", "text", "In which the spans were written.", "medium"),
    Column("Spans", "spans", "count"),
    Column("Traces", "traces", "count"),
    Column("Calls", "calls", "count"),
    Column("Errors", "errors", "count"),
)

DONE = {"rounds": "rounds", "evaluations": "evaluations", "events_written": "events written"}


def show_ingest(visit: Visit, view: View) -> None:
    answers = visit.ask(
        status=Question("/status"),
        course=view.query("spans", step="auto"),
        letters=Question("/dead-letters", {"limit": 100}),
        newest=Question("/spans", {"limit": SAMPLE}),
    )
    status = answers["status"]
    for part, name in (("store", "ClickHouse"), ("state", "The store of keys")):
        if status[part]["problem"]:
            box(f"{name} is in trouble", status[part]["problem"], "bad")
    _show_figures(status, answers.get("newest"))
    with panel("Spans by the time they tell", tip="Of this project."):
        series = read_measures(
            answers["course"]["rows"], {"spans": "spans"}, "count", {"spans": theme.ACCENT}
        )
        chart(build_stack(series, visit.zone, 200), "spans")
    left, right = st.columns(2, gap="small")
    with left, panel("Refused", tip="Since the collector started, by reason, of all projects."):
        _show_refusals(status["ingest"])
    with right, panel("Workers"):
        for name, worker in status["workers"].items():
            error = worker.get("last_error", "")
            box(name.capitalize(), f"{_in_words(worker)} {error}".strip(), "warning" if error else "")
    with (
        panel("Dead letters", tip="Requests that ClickHouse refused. They are kept as files."),
        section(visit, "letters"),
    ):
        _show_letters(visit, answers["letters"]["items"])


def _in_words(worker: Mapping[str, Any]) -> str:
    """What a worker did: each kind counts what it does."""
    done = next(f"{units.count(worker[name])} {words}" for name, words in DONE.items() if name in worker)
    failed = worker.get("failed_rounds", worker.get("failed_evaluations", 0))
    return f"{done}, {units.count(failed)} failed."


def show_senders(visit: Visit, view: View) -> None:
    measures = ("spans", "traces", "calls", "errors")
    answers = visit.ask(
        senders=view.query(*measures, by=("service", "convention"), limit=200, order="-spans"),
        course=view.query("spans", by="convention", step="auto", top=8),
    )
    with panel("Spans by dialect", tip="In which convention senders write their spans."):
        series = read_groups(answers["course"]["rows"], "convention", "spans", "count", visit.palette)
        chart(build_stack(series, visit.zone), "dialects")
    with panel("Senders"):
        show_table(visit, answers["senders"]["rows"], SENDERS, "senders")


def show_storage(visit: Visit, _view: View) -> None:
    answers = visit.ask(status=Question("/status"), demo=Question("/demo"), retention=Question("/retention"))
    status = answers["status"]
    if retention := answers.get("retention"):
        _show_retention(visit, retention)
    tables = sorted(status["store"]["tables"], key=lambda table: -table["bytes_on_disk"])
    held = [table for table in tables if table["rows"]]
    with panel("Tables", tip="Bytes on disk, compressed; of all projects."):
        shares = [Share(table["name"], table["bytes_on_disk"], theme.ACCENT) for table in held[:12]]
        if shares:
            chart(build_bars(shares, "count"), "tables")
        columns = (
            Column("Table", "name", "text", "", "medium"),
            Column("Rows", "rows", "count"),
            Column("On disk", lambda row: units.size_bytes(row["bytes_on_disk"])),
            Column("A row", lambda row: units.size_bytes(row["bytes_on_disk"] / max(row["rows"], 1))),
        )
        show_table(visit, tables, columns, "tables_table")
    if (demo := answers.get("demo")) and demo["spans"]:
        _show_demo(visit, demo)


def _show_retention(visit: Visit, retention: Mapping[str, Any]) -> None:
    with panel("This project keeps", tip="`watchkeeper retention set` changes it, with a key of an admin."):
        facts(
            [
                ("Prompts and answers", f"{retention['content_days']} days"),
                ("Spans", f"{retention['span_days']} days"),
                ("Logs and metrics", f"{retention['log_days']} days"),
                ("Roll-ups and scores", f"{retention['aggregate_days']} days"),
            ]
        )
        if not retention["is_own"]:
            note("These are the days of the settings.")
        elif retention["is_applied"] is False:
            note("The store does not keep to this yet; it will within a minute.")
        columns = (
            Column("Table", "table", "text", "", "medium"),
            Column("Class", "retention_class", "text", "Of one project alone, or standard.", "medium"),
            Column("Rows", "rows", "count"),
            Column("On disk", lambda row: units.size_bytes(row["bytes_on_disk"])),
            Column("Since", "first_day", "text"),
        )
        show_table(visit, retention["sizes"] or [], columns, "retention_table")


def _show_demo(visit: Visit, demo: Mapping[str, Any]) -> None:
    with panel("Demo"):
        note(f"{units.count(demo['spans'])} invented spans are in a project of their own.")
        if st.button("Remove the demo's data", key="remove_demo", icon=":material/delete:"):
            with st.spinner("Removing"):
                attempt(visit, "DELETE", "/demo", done="The demo's data is gone.")


def show_about(visit: Visit, _view: View) -> None:
    status = visit.ask(status=Question("/status"))["status"]
    store = status["store"]
    with panel("About"):
        facts(
            [
                ("Watchkeeper", status["version"]),
                ("Collector", visit.collector.url),
                ("Project", status["project"]),
                ("Up for", units.duration_s(status["uptime_s"])),
                ("ClickHouse", f"{store['engine_version']}{', embedded' if store['is_embedded'] else ''}"),
                ("Schema", str(store["schema_version"])),
                ("Signed in", "with a key" if visit.api_key else "without a key"),
                ("Clock", visit.zone.key),
            ]
        )


def _show_figures(status: Mapping[str, Any], newest: Mapping[str, Any] | None) -> None:
    spool = status["spool"]
    seconds = max(status["uptime_s"], 1)
    accepted = sum(status["ingest"]["accepted_items"].values())
    figures = (
        ("Accepted", units.count(accepted), "Spans, log records and data points since the start"),
        ("A second", f"{accepted / seconds:,.1f}", "On average since the start"),
        ("Waiting", units.size_bytes(spool["size_bytes"]), "On disk, on the way to ClickHouse"),
        ("Oldest waiting", units.duration_s(spool["oldest_age_s"]), "Age of what waits longest"),
        ("Retries known", units.count(spool["duplicates"]), "Requests that had come before, stored once"),
        (
            "Dead letters",
            units.count(spool["dead_letters"]),
            "Requests that ClickHouse refused, of all projects",
        ),
    )
    with st.grid(6, gap="xsmall", min_column_width=150, key="figures"):
        for title, value, tip in figures:
            st.metric(title, value, help=tip, border=True)
    if spool["last_failure"]:
        box("ClickHouse does not take what it is offered", spool["last_failure"], "bad")
    _show_clocks(newest["items"] if newest else [])


def _show_clocks(spans: Sequence[Mapping[str, Any]]) -> None:
    """Senders whose newest spans end in the future: their clocks are ahead."""
    ahead = sorted({span["service_name"] or "(no name)" for span in spans if arrival_ms(span) < SKEWED_MS})
    if ahead:
        box(
            "Clocks that are ahead",
            f"Spans of these services end later than they arrive: {', '.join(ahead)}.",
            "warning",
        )


def arrival_ms(span: Mapping[str, Any]) -> float:
    """From a span's end to its arrival."""
    started, received = units.read_time(span["timestamp"]), units.read_time(span["received_at"])
    return (received - started).total_seconds() * 1000 - float(span["duration_ms"])


def _show_refusals(ingest: Mapping[str, Mapping[str, float]]) -> None:
    found = [
        (f"{name.replace('_', ' ')}: {reason.replace('_', ' ')}", units.count(number))
        for name in ("refused_requests", "refused_items")
        for reason, number in ingest.get(name, {}).items()
        if number
    ]
    if found:
        facts(found)
    else:
        box("Nothing was refused", "Every request since the start was taken.", "good")


def _show_letters(visit: Visit, letters: Sequence[Mapping[str, Any]]) -> None:
    if not letters:
        box("No dead letters", "ClickHouse took everything that it was offered.", "good")
    for letter in letters:
        _show_letter(visit, letter)


def _show_letter(visit: Visit, letter: Mapping[str, Any]) -> None:
    path = path_of("dead-letters", letter["id"])
    size = units.size_bytes(letter["body_bytes"])
    what = f"{units.count(letter['items'])} items of {letter['signal']}, {size}"
    with st.container(horizontal=True, vertical_alignment="center", key=f"letter_{letter['id']}"):
        st.html(
            f'<div class="wk-text">{plain.html(what)}, {plain.html(units.ago(letter["received_at"]))}</div>'
            f'<div class="wk-note">{plain.html(letter["reason"])}</div>'
        )
        if st.button("Replay", key=f"replay_{letter['id']}", icon=":material/replay:"):
            attempt(visit, "POST", f"{path}/replay", done="It is on its way again.")
        if st.button("Remove", key=f"drop_{letter['id']}", icon=":material/delete:", type="tertiary"):
            attempt(visit, "DELETE", path, done="Removed.")
