"""``watchkeeper gate``: may this release ship."""

import time
import tomllib
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.client import AnswerError, ApiClient
from watchkeeper_collector.cli.console import Column, print_json, print_line, print_table, say
from watchkeeper_collector.cli.failures import FAILED, USED_WRONGLY, CommandFailedError
from watchkeeper_collector.cli.gate_reports import (
    HEADINGS,
    TITLES,
    render_junit,
    render_markdown,
    render_rows,
)
from watchkeeper_collector.cli.manual import add_command

PATH = "/api/v1/compare"
UNTOLD = 3
TOO_MANY_REQUESTS = 429
EXIT_CODES = {"pass": 0, "fail": FAILED, "unknown": UNTOLD}
ASK_EVERY_S = 30.0


class Form(StrEnum):
    """How the verdict is printed."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


def add_to(program: typer.Typer) -> None:
    add_command(program, "gate", gate)


def gate(
    *,
    baseline: Annotated[
        str, typer.Option(help="What is known to be well: release:1.4, START..END, or START.")
    ],
    candidate: Annotated[str, typer.Option(help="What wants to ship: release:1.5, or times as above.")],
    query: Annotated[str, typer.Option("--filter", help="Which calls, on both sides.")] = "",
    policy: Annotated[
        Path | None,
        typer.Option(help="TOML file with tolerances of your own.", exists=True, dir_okay=False),
    ] = None,
    wait_s: Annotated[
        float,
        typer.Option(
            "--wait", min=0, max=86_400, help="Seconds to ask again while it cannot be told, for a canary."
        ),
    ] = 0,
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.TABLE,
    markdown: Annotated[
        Path | None, typer.Option(help="Also write it there, for a pull request.", dir_okay=False)
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(help="Also write it there in JUnit's XML.", dir_okay=False)
    ] = None,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Compare a release with the one before and say whether it may ship.

    Error rate, latency, cost, tokens, refusals, format, scores and text are compared, each on one value of
    every session, else trace. Exit code 0: pass. 1: fail. 3: it cannot be told yet, and how much data is
    missing; or the collector does not answer. 2: used wrongly.

    $ watchkeeper gate --baseline release:1.4 --candidate release:1.5
    $ watchkeeper gate --baseline release:1.4 --candidate release:1.5 --policy gate.toml --markdown gate.md
    $ watchkeeper gate --baseline=-8d..-1d --candidate=-1h --filter environment:canary --wait 1800
    """
    body = {
        "baseline": baseline,
        "candidate": candidate,
        "filter": query,
        "policy": load_policy(policy) if policy else {},
    }
    found = ask_until_told(lambda: ask_for_verdict(ApiClient(url, api_key), body), wait_s)
    report = render_markdown(found, baseline, candidate)
    if markdown is not None:
        markdown.write_text(report, "utf-8")
    if junit is not None:
        junit.write_text(render_junit(found), "utf-8")
    _print(found, form, report)
    raise typer.Exit(EXIT_CODES[found["verdict"]])


def load_policy(path: Path) -> dict[str, Any]:
    """The policy's document; the collector says what is wrong with its contents."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandFailedError(f"'{path}' is no TOML: {error}.", exit_code=USED_WRONGLY) from error
    except OSError as error:
        raise CommandFailedError(f"'{path}' can't be read: {error.strerror}.") from error


def ask_for_verdict(client: ApiClient, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises ``CommandFailedError``. A collector that says nothing is no verdict: it must not read as one."""
    try:
        found: Mapping[str, Any] = client.send("POST", PATH, body)
    except AnswerError as error:
        is_wrong = 400 <= error.status < 500 and error.status != TOO_MANY_REQUESTS
        raise CommandFailedError(str(error), exit_code=USED_WRONGLY if is_wrong else UNTOLD) from error
    return found


def ask_until_told(
    ask: Callable[[], Mapping[str, Any]],
    wait_s: float,
    *,
    now_s: Callable[[], float] = time.monotonic,
    rest: Callable[[float], None] = time.sleep,
) -> Mapping[str, Any]:
    """The verdict, asked for again while it cannot be told and there is time."""
    ends_at_s = now_s() + wait_s
    while True:
        found = ask()
        left_s = ends_at_s - now_s()
        if found["verdict"] != "unknown" or left_s <= 0:
            return found
        say(f"{found['reason']} Asking again.")
        rest(min(ASK_EVERY_S, left_s))


def _print(found: Mapping[str, Any], form: Form, report: str) -> None:
    match form:
        case Form.JSON:
            print_json(found)
        case Form.MARKDOWN:
            print_line(report.rstrip())
        case Form.TABLE:
            columns = [Column(title, is_number=place > 1) for place, title in enumerate(HEADINGS)]
            print_table(columns, render_rows(found), empty="Neither side has calls to compare.")
            print_line(f"{TITLES[found['verdict']].upper()}. {found['reason']}")
