"""``watchkeeper rules``: check and test rule files where they are written, list the rules of a collector."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.client import ApiClient
from watchkeeper_collector.cli.console import Column, clean, print_json, print_line, print_table, say
from watchkeeper_collector.cli.failures import FAILED, CommandFailedError
from watchkeeper_collector.cli.manual import add_group

if TYPE_CHECKING:
    from watchkeeper_collector.alerts.testing.running import Outcome

HELP = """Alert rules: check and test files, see what a collector has in force.

Checking and testing need no collector.
"""
COLUMNS = (
    Column("ALERT"),
    Column("GROUP"),
    Column("KIND"),
    Column("EVERY"),
    Column("FOR"),
    Column("SOURCE"),
    Column("STATE"),
    Column("ID", is_flexible=True),
)


def add_to(program: typer.Typer) -> None:
    add_group(program, "rules", HELP, check=check_rules, test=run_tests, list=list_rules, schema=print_schema)


def check_rules(
    files: Annotated[
        list[str], typer.Argument(metavar="FILES", help="Rule files, folders of them, or globs.")
    ],
) -> None:
    """Check rule files: every fault at once, as file:line:column. Exit code 1 if there is one.

    $ watchkeeper rules check alerts/
    $ watchkeeper rules check alerts/errors.yml alerts/spend.yml
    """
    from watchkeeper_collector.alerts.documents import render_faults  # noqa: PLC0415 - slow, for --help
    from watchkeeper_collector.alerts.rules.files import load_rule_files  # noqa: PLC0415

    found = load_rule_files(files)
    for line in render_faults(found.faults):
        print_line(clean(line))
    if found.faults:
        raise CommandFailedError(f"{_count(len(set(found.faults)), 'fault')}.", exit_code=FAILED)
    groups = len({rule.group for rule in found.rules})
    say(f"{_count(len(found.rules), 'rule')} in {_count(groups, 'group')}: no faults.")


def run_tests(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Files of rule tests.")],
    *,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report in JUnit's XML as well.")
    ] = None,
) -> None:
    """Run tests of alert rules. Exit code 1 if one fails.

    The files are as promtool's `test rules` takes them, with series that give values of measures; besides,
    tests can give spans, which go through an engine of their own in a temporary folder. See docs/alerts.md.

    $ watchkeeper rules test alerts/tests/errors.test.yml
    $ watchkeeper rules test alerts/tests/*.yml --junit rules.xml
    """
    from watchkeeper_collector.alerts.testing.junit import render_junit  # noqa: PLC0415 - slow, for --help
    from watchkeeper_collector.alerts.testing.running import Workshop  # noqa: PLC0415

    outcomes: list[Outcome] = []
    with closing(Workshop()) as workshop:
        for file in files:
            for outcome in workshop.run_file(file):
                _print_outcome(outcome)
                outcomes.append(outcome)
    if junit is not None:
        _write(junit, render_junit(outcomes))
    failed = sum(bool(outcome.failures) for outcome in outcomes)
    if failed:
        raise CommandFailedError(f"{failed} of {_count(len(outcomes), 'test')} failed.", exit_code=FAILED)
    say(f"{_count(len(outcomes), 'test')} passed.")


def list_rules(
    form: options.ListFormat = options.Format.TABLE,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """List the alert rules that a collector has in force, of files and of the API.

    $ watchkeeper rules list
    """
    rules = ApiClient(url, api_key).get("/api/v1/alerts/rules")["items"]
    if form == options.Format.JSON:
        print_json(rules)
        return
    print_table(COLUMNS, map(_row, rules), empty="There are no alert rules.")


def print_schema() -> None:
    """Print the JSON Schema of rule files, which editors complete and check them by.

    $ watchkeeper rules schema > rules.schema.json
    """
    from watchkeeper_collector.alerts.rules.schema import load_schema  # noqa: PLC0415 - slow, for --help

    print_json(load_schema())


def _row(rule: dict[str, Any]) -> tuple[str, ...]:
    state = "paused" if rule["is_paused"] else "in force"
    facts = (rule["alert"], rule["group"], rule["kind"], rule["interval"], rule["for"], rule["source"])
    return (*facts, state, rule["id"])


def _print_outcome(outcome: "Outcome") -> None:
    verdict = "FAILED" if outcome.failures else "ok"
    print_line(clean(f"{verdict:7}{outcome.file}: {outcome.name}"))
    for failure in outcome.failures:
        print_line(f"       {clean(failure)}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise CommandFailedError(f"The report '{path}' can't be written: {error.strerror}.") from error


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
