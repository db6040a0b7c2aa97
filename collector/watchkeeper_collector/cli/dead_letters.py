"""``watchkeeper dead-letters``: requests that were acknowledged and that ClickHouse refused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.client import ApiClient
from watchkeeper_collector.cli.console import Column, clean, print_json, print_line, print_table, say
from watchkeeper_collector.cli.failures import USED_WRONGLY, CommandFailedError
from watchkeeper_collector.cli.manual import add_group
from watchkeeper_collector.cli.moments import render_time

PATH = "/api/v1/dead-letters"
HELP = """Requests that were acknowledged and that ClickHouse refused.

They are kept as files until you replay them, say after an upgrade. Needs a key with the right admin.
"""
COLUMNS = (
    Column("ID"),
    Column("RECEIVED"),
    Column("SIGNAL"),
    Column("ITEMS", is_number=True),
    Column("BYTES", is_number=True),
    Column("REASON", is_flexible=True),
)

LetterId = Annotated[str, typer.Argument(metavar="ID", help="As `dead-letters list` shows it.")]


def add_to(program: typer.Typer) -> None:
    add_group(program, "dead-letters", HELP, list=list_letters, show=show_letter, replay=replay_letters)


def list_letters(
    form: options.ListFormat = options.Format.TABLE,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """List the refused requests, newest first.

    $ watchkeeper dead-letters list
    """
    letters = ApiClient(url, api_key).items(PATH)
    if form == options.Format.JSON:
        print_json(letters)
        return
    print_table(COLUMNS, map(_row, letters), empty="There are no dead letters: everything was stored.")


def show_letter(
    letter_id: LetterId, url: options.Url = options.DEFAULT_URL, api_key: options.Key = ""
) -> None:
    """Show what is known of one refused request.

    $ watchkeeper dead-letters show 0018a1b2c3d4e5f6-00000001-000000
    """
    letter = ApiClient(url, api_key).get(f"{PATH}/{quote(letter_id, safe='')}")
    for name, value in letter.items():
        print_line(f"{name.replace('_', ' '):<12}{clean(str(value))}")


def replay_letters(
    *,
    letter_id: Annotated[str, typer.Argument(metavar="[ID]", help="As `dead-letters list` shows it.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Every letter of the project.")] = False,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Send refused requests through the collector again. What is refused again becomes a letter again.

    $ watchkeeper dead-letters replay 0018a1b2c3d4e5f6-00000001-000000
    $ watchkeeper dead-letters replay --all
    """
    if bool(letter_id) == every:
        raise CommandFailedError("Name one letter, or give --all.", exit_code=USED_WRONGLY)
    client = ApiClient(url, api_key)
    ids = [letter["id"] for letter in client.items(PATH)] if every else [letter_id]
    items = 0
    for name in ids:
        items += client.send("POST", f"{PATH}/{quote(name, safe='')}/replay")["items"]
    say(f"Replayed {len(ids)} letters with {items:,} items: they reach the store within seconds.")


def _row(letter: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        letter["id"],
        render_time(datetime.fromisoformat(letter["received_at"])),
        letter["signal"],
        f"{letter['items']:,}",
        f"{letter['body_bytes']:,}",
        letter["reason"],
    )
