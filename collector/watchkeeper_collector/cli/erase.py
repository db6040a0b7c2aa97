"""``watchkeeper erase``: everything that a user or a session left."""

import time
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.client import ApiClient
from watchkeeper_collector.cli.console import Column, clean, print_json, print_line, print_table, say
from watchkeeper_collector.cli.failures import USED_WRONGLY, CommandFailedError
from watchkeeper_collector.cli.manual import add_command, add_group
from watchkeeper_collector.cli.moments import render_time

PATH = "/api/v1/erasures"
PAUSE_S = 1.0
HELP = """What was erased, and how far it is.

Needs a key with the right admin.
"""
COLUMNS = (
    Column("ID"),
    Column("KIND"),
    Column("STATE"),
    Column("PHASE", is_flexible=True),
    Column("ASKED FOR"),
    Column("DONE"),
    Column("REMOVED", is_number=True),
)


class What(StrEnum):
    USER = "user"
    SESSION = "session"


def add_to(program: typer.Typer) -> None:
    add_command(program, "erase", erase)
    add_group(program, "erasures", HELP, list=list_erasures, show=show_erasure)


def erase(
    *,
    what: Annotated[What, typer.Argument(help="What the id is of.")],
    name: Annotated[str, typer.Argument(metavar="ID", help="As the application sends it.")],
    confirms: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    waits: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until it is done.")] = True,
    form: options.ListFormat = options.Format.TABLE,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Erase everything that a user or a session left in the key's project, from every file, for good.

    It prints the report: what was removed, by place. It goes on without this command, and after a restart.

    $ watchkeeper erase user alice@example.org
    $ watchkeeper erase session 5f3c --yes --no-wait
    """
    if not confirms and not typer.confirm(
        f"Erase everything of the {what} '{clean(name)}', for good?", err=True
    ):
        raise CommandFailedError("Nothing was erased.", exit_code=USED_WRONGLY)
    client = ApiClient(url, api_key)
    found = client.send("DELETE", f"/api/v1/{what}s/{quote(name, safe='')}")
    phase = ""
    while waits and found["state"] != "done":
        if (now := found["failure"] or found["phase"]) != phase:
            phase = now
            say(f"{clean(phase)} …" if phase else "It begins …")
        time.sleep(PAUSE_S)
        found = client.get(f"{PATH}/{found['id']}")
    _print(found, form)


def list_erasures(
    form: options.ListFormat = options.Format.TABLE,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """List what was erased, oldest first.

    $ watchkeeper erasures list
    """
    found = ApiClient(url, api_key).items(PATH)
    if form == options.Format.JSON:
        print_json(found)
        return
    print_table(COLUMNS, map(_row, found), empty="Nothing was ever erased.")


def show_erasure(
    erasure_id: Annotated[str, typer.Argument(metavar="ID", help="As `erasures list` shows it.")],
    form: options.ListFormat = options.Format.TABLE,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Show how far an erasure is, and its report.

    $ watchkeeper erasures show 5b1f0c2d9e8a7764
    """
    _print(ApiClient(url, api_key).get(f"{PATH}/{quote(erasure_id, safe='')}"), form)


def _print(found: Mapping[str, Any], form: options.Format) -> None:
    if form == options.Format.JSON:
        print_json(found)
        return
    say(f"Erasure '{found['id']}' of a {found['kind']}: {found['state']}. {clean(found['phase'])}".rstrip())
    if found["failure"]:
        say(f"It is tried again: {clean(found['failure'])}")
    for place, count in sorted(found["report"].items()):
        print_line(f"{clean(place):<34}{count:>12,}")
    if found["state"] == "done" and not found["report"]:
        say("There was nothing of it.")


def _row(erasure: Mapping[str, Any]) -> tuple[str, ...]:
    done = erasure["finished_at"]
    return (
        erasure["id"],
        erasure["kind"],
        erasure["state"],
        erasure["failure"] or erasure["phase"],
        render_time(datetime.fromisoformat(erasure["created_at"])),
        render_time(datetime.fromisoformat(done)) if done else "-",
        f"{sum(erasure['report'].values()):,}",
    )
