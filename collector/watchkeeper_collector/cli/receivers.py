"""``watchkeeper receivers``: check the file of receivers and routes, see who hears of what, send tests."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.client import ApiClient
from watchkeeper_collector.cli.console import Column, clean, print_json, print_line, print_table, say
from watchkeeper_collector.cli.failures import FAILED, USED_WRONGLY, CommandFailedError
from watchkeeper_collector.cli.manual import add_group

if TYPE_CHECKING:
    from watchkeeper_collector.alerts.notify.loading import FileConfiguration

HELP = """Receivers of notifications: check the file that names them, see who hears of what, send tests.

Checking needs no collector.
"""
COLUMNS = (
    Column("RECEIVER"),
    Column("KIND"),
    Column("SOURCE"),
    Column("STATE"),
    Column("PROBLEM", is_flexible=True),
)


def add_to(program: typer.Typer) -> None:
    add_group(program, "receivers", HELP, check=check_file, list=list_receivers, test=send_test)


def check_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file that `alerts_config` names.")],
    labels: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="Labels of an alert: who would hear of it?"),
    ] = None,
) -> None:
    """Check a file of receivers and routes: every fault at once, as file:line:column. Exit code 1 for any.

    Secrets are read from where the file says.

    $ watchkeeper receivers check alerts.yaml
    $ watchkeeper receivers check alerts.yaml alertname=ErrorRateHigh severity=page
    """
    from watchkeeper_collector.alerts.notify.loading import load_configuration  # noqa: PLC0415 - slow, for --help
    from watchkeeper_collector.settings import load_environment  # noqa: PLC0415

    found = load_configuration(file, load_environment())
    if labels:
        _print_routes(found, dict(map(_read_label, labels)))
        return
    targets = sum(len(receiver.targets) for receiver in found.receivers)
    say(f"{len(found.receivers)} receivers with {targets} targets, {_count_routes(found)} routes: no faults.")


def list_receivers(
    form: options.ListFormat = options.Format.TABLE,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """List where notifications go, and how that does.

    $ watchkeeper receivers list
    """
    receivers = ApiClient(url, api_key).get("/api/v1/receivers")["items"]
    if form == options.Format.JSON:
        print_json(receivers)
        return
    rows = [_row(receiver, target) for receiver in receivers for target in receiver["targets"]]
    print_table(COLUMNS, rows, empty="There are no receivers.")


def send_test(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The receiver.")],
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Send a test: an alert that fires, then that it resolved. Exit code 1 if it was not taken.

    $ watchkeeper receivers test pager
    """
    answer = ApiClient(url, api_key).send("POST", f"/api/v1/receivers/{quote(name, safe='')}/test")
    failed = [one for one in answer["items"] if one["state"] != "delivered"]
    for one in answer["items"]:
        print_line(clean(f"{one['state']:10}{one['kind']}: {one['action']} {one['problem']}".rstrip()))
    if failed:
        raise CommandFailedError(f"{len(failed)} of {len(answer['items'])} not taken.", exit_code=FAILED)


def _print_routes(found: "FileConfiguration", labels: dict[str, str]) -> None:
    heard = [route for route in found.root.find(labels) if route.receiver]
    for route in heard:
        print_line(clean(f"{route.receiver}: grouped by {', '.join(route.group_by) or 'project'}"))
    if not heard:
        print_line("Nobody would hear of it.")


def _count_routes(found: "FileConfiguration") -> int:
    return sum(1 for _ in found.root.walk())


def _read_label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise CommandFailedError(f"'{text}' is no label. Expected name=value.", exit_code=USED_WRONGLY)
    return name, value


def _row(receiver: dict[str, Any], target: dict[str, Any]) -> tuple[str, ...]:
    state = "disabled" if target["disabled_at"] else "failing" if target["failing_since"] else "ok"
    return receiver["name"], target["kind"], receiver["source"], state, target["problem"]
