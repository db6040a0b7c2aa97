"""``watchkeeper doctor``: an end-to-end probe that says what is wrong and what to do."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from itertools import chain
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from watchkeeper_collector.cli import checks, options
from watchkeeper_collector.cli.client import AnswerError, ApiClient
from watchkeeper_collector.cli.console import is_terminal, say
from watchkeeper_collector.cli.failures import FAILED
from watchkeeper_collector.cli.findings import COLOURS, Finding, is_healthy, note, render_finding, well, wrong
from watchkeeper_collector.cli.manual import add_command
from watchkeeper_collector.cli.probe import Probe, ProbeRefusedError
from watchkeeper_collector.cli.progress import working

HTTP_PORT = 4318


def add_to(program: typer.Typer) -> None:
    add_command(program, "doctor", diagnose)


def diagnose(
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
    grpc: Annotated[
        str,
        typer.Option(
            "--grpc",
            metavar="HOST:PORT",
            help="The gRPC door.",
            show_default="port 4317 of the collector's host",
            rich_help_panel=options.COLLECTOR_PANEL,
        ),
    ] = "",
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """Find out what is wrong: send a span through both doors, read it back, look at everything on the way.

    The key needs the rights ingest and read. The two spans stay, as service watchkeeper-doctor; they are no
    calls. Exit code 1 where something is wrong.

    $ watchkeeper doctor
    $ watchkeeper doctor --url http://collector:4318 --grpc collector:4317
    """
    client = ApiClient(url, api_key, timeout_s=30)
    findings = []
    for finding in chain(_examine(client, api_key, grpc), _look_around(client, data, config)):
        _show(finding)
        findings.append(finding)
    say()
    if not is_healthy(findings):
        say("Something is wrong: see above.")
        raise typer.Exit(FAILED)
    say("All is well.")


def _examine(client: ApiClient, api_key: str, grpc: str) -> Iterator[Finding]:
    """From the outside in; without a collector there is nothing to examine."""
    try:
        ahead_s = _clock_ahead_s(client)
    except AnswerError as error:
        yield wrong("collector", error.message.partition(" Start one")[0], "Start one: watchkeeper up")
        if error.status == 0 and _is_local(client):
            yield from checks.check_port("127.0.0.1", urlsplit(client.url).port or HTTP_PORT)
        return
    yield well("collector", f"It answers at {client.url}.")
    yield from checks.check_clock(ahead_s)
    yield from _check_status(client)
    yield from _check_doors(Probe(client, api_key), grpc or _default_grpc(client))


def _check_status(client: ApiClient) -> Iterator[Finding]:
    try:
        status: dict[str, Any] = client.get("/api/v1/status")
    except AnswerError as error:
        yield wrong("key", error.message, "The doctor needs a key with the rights ingest and read.")
        return
    yield well("key", f"It reads project '{status['project']}'.")
    for check in (
        checks.check_version,
        checks.check_store,
        checks.check_state,
        checks.check_spool,
        checks.check_dead_letters,
        checks.check_workers,
        checks.check_prices,
    ):
        yield from check(status)


def _check_doors(probe: Probe, grpc: str) -> Iterator[Finding]:
    started_s = time.monotonic()
    try:
        probe.send_http()
        yield well("HTTP door", "It took a span, and has it on disk.")
    except ProbeRefusedError as error:
        yield wrong("HTTP door", str(error), "Senders get this answer too.")
    try:
        probe.send_grpc(grpc)
        yield well("gRPC door", f"{grpc} took a span, and has it on disk.")
    except ProbeRefusedError as error:
        yield wrong("gRPC door", f"{grpc}: {error}", "If it is elsewhere, say so: --grpc HOST:PORT")
    if probe.sent:
        yield _check_reading(probe, started_s)


def _check_reading(probe: Probe, started_s: float) -> Finding:
    try:
        with working("Waiting until the API shows what was sent"):
            missing = probe.missing()
    except AnswerError as error:
        return wrong("reading back", error.message, "See the store's line above.")
    if missing:
        doors = " and ".join(missing)
        advice = "They wait in the spool, or are dead letters: see the lines above."
        return wrong("reading back", f"The span sent over {doors} did not appear.", advice)
    seconds = time.monotonic() - started_s
    return well("reading back", f"The API shows what was sent, {seconds:.1f} s later.")


def _look_around(client: ApiClient, data: Any, config: Any) -> Iterator[Finding]:
    """This machine, where the collector is on it."""
    from watchkeeper_collector.settings import load_settings  # noqa: PLC0415 - slow, for --help

    if not _is_local(client):
        return
    settings = load_settings(config, data_dir=data)
    if settings.data_dir.is_dir():
        yield from checks.check_disk(settings.data_dir, settings.spool_quota_bytes)
    else:
        yield note(
            "disk", f"There is no '{settings.data_dir}'.", "Name the data folder to look at: --data DIR"
        )


def _clock_ahead_s(client: ApiClient) -> float:
    """How far this clock is ahead; the collector's ``Date`` has whole seconds."""
    date = client.date_header("/healthz")
    return time.time() - parsedate_to_datetime(date).timestamp() - 0.5 if date else 0.0


def _is_local(client: ApiClient) -> bool:
    from watchkeeper_collector.settings import is_loopback_name  # noqa: PLC0415 - slow, for --help

    return is_loopback_name(urlsplit(client.url).hostname or "")


def _default_grpc(client: ApiClient) -> str:
    host = urlsplit(client.url).hostname or ""
    return f"[{host}]:{options.GRPC_PORT}" if ":" in host else f"{host}:{options.GRPC_PORT}"


def _show(finding: Finding) -> None:
    first, *rest = render_finding(finding)
    if is_terminal():
        word = typer.style(str(finding.verdict), fg=COLOURS[finding.verdict], bold=True)
        first = word + first[len(finding.verdict) :]
    for line in (first, *rest):
        typer.echo(line)
