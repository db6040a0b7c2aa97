"""``watchkeeper retention``: how long a project keeps what it sent, and what that takes up."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.client import ApiClient
from watchkeeper_collector.cli.console import Column, print_json, print_line, print_table, say
from watchkeeper_collector.cli.manual import add_group

PATH = "/api/v1/retention"
HELP = """How long the project keeps what it sent, and what that takes up.

The project is the API key's. Changing it needs a key with the right admin.
"""
COLUMNS = (
    Column("TABLE"),
    Column("KIND"),
    Column("CLASS", is_flexible=True),
    Column("ROWS", is_number=True),
    Column("KIB", is_number=True),
    Column("SINCE"),
)

Days = Annotated[int | None, typer.Option(min=1, max=3650, help="Days; without it they stay as they are.")]


def add_to(program: typer.Typer) -> None:
    add_group(program, "retention", HELP, show=show_retention, set=set_retention, reset=reset_retention)


def show_retention(
    form: options.ListFormat = options.Format.TABLE,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Show the days and, table by table, what the project's rows take up.

    $ watchkeeper retention show
    """
    _print(ApiClient(url, api_key).get(PATH), form)


def set_retention(
    *,
    content: Days = None,
    spans: Days = None,
    logs: Days = None,
    form: options.ListFormat = options.Format.TABLE,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Keep prompts and answers, spans, or logs and metrics for other times than the settings say.

    What is older than fewer days now is removed within minutes, for good.

    $ watchkeeper retention set --content 7
    $ watchkeeper retention set --content 14 --spans 180 --logs 30
    """
    client = ApiClient(url, api_key)
    given = {"content_days": content, "span_days": spans, "log_days": logs}
    now = client.get(PATH)
    wanted = {name: now[name] if days is None else days for name, days in given.items()}
    _print(client.send("PUT", PATH, wanted), form)


def reset_retention(
    form: options.ListFormat = options.Format.TABLE,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Keep everything as long as the settings say, again.

    $ watchkeeper retention reset
    """
    _print(ApiClient(url, api_key).send("DELETE", PATH), form)


def _print(found: Mapping[str, Any], form: options.Format) -> None:
    if form == options.Format.JSON:
        print_json(found)
        return
    whose = "its own" if found["is_own"] else "those of the settings"
    say(f"Project '{found['project']}' keeps ({whose}), in days:")
    for name in ("content", "span", "log", "aggregate"):
        print_line(f"{name:<10}{found[f'{name}_days']:>5}")
    if found["sizes"] is None:
        say("The store is away: what is there, and whether it keeps to this, is not known.")
        return
    if not found["is_applied"]:
        say("The store does not keep to this yet; it will within a minute.")
    print_table(COLUMNS, map(_row, found["sizes"]), empty="Nothing is stored.")


def _row(size: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        size["table"],
        size["kind"],
        size["retention_class"],
        f"{size['rows']:,}",
        f"{size['bytes_on_disk'] / 1024:,.0f}",
        size["first_day"],
    )
