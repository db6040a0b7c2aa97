"""``watchkeeper keys``: API keys, straight in the state store, so that it works while no collector runs."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.console import Column, print_json, print_line, print_table, say
from watchkeeper_collector.cli.failures import USED_WRONGLY, CommandFailedError
from watchkeeper_collector.cli.manual import add_group
from watchkeeper_collector.cli.moments import read_duration, render_age, render_time
from watchkeeper_collector.cli.state_store import open_state

if TYPE_CHECKING:
    from watchkeeper_collector.state.keys import ApiKey

HELP = """API keys: who may send and who may read.

They are kept in the data folder, or in the state store of --config; a running collector sees changes within a
second. While there is none, the collector takes everything that comes from its own machine.
"""
COLUMNS = (
    Column("ID"),
    Column("PROJECT"),
    Column("NAME", is_flexible=True),
    Column("SCOPES"),
    Column("MADE"),
    Column("LAST USED"),
    Column("STATE"),
)


def add_to(program: typer.Typer) -> None:
    add_group(program, "keys", HELP, create=create_key, list=list_keys, revoke=revoke_key)


def create_key(
    *,
    name: Annotated[str, typer.Option(help="What the key is for, for people.")],
    project: Annotated[
        str, typer.Option(help="What is sent with the key belongs to it; made if need be.")
    ] = "default",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="A right: ingest (send), read (numbers and spans), content (prompts and answers), alerts,"
            " admin (everything). Give it again for more than one.",
            show_default="ingest",
        ),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(
            help="Instead of scopes: viewer (numbers and spans), analyst (prompts and answers too), responder"
            " (alerts), admin, or sender.",
        ),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Stops working after: 12h, 90d.")
    ] = None,
    spans_per_s: Annotated[
        float | None,
        typer.Option("--spans-per-s", help="What it may send a second.", show_default="the setting for all"),
    ] = None,
    bytes_per_s: Annotated[
        float | None, typer.Option("--bytes-per-s", help="Likewise.", show_default="the setting for all")
    ] = None,
    data: options.Data = None,
    state_dsn: options.StateDsn = None,
    config: options.Config = None,
) -> None:
    """Make a key and print it, this once: only a hash of it is kept.

    $ watchkeeper keys create --name checkout
    $ watchkeeper keys create --name ada --role analyst --expires 90d
    $ watchkeeper keys create --name dashboard --scope read --scope content
    $ WATCHKEEPER_API_KEY=$(watchkeeper keys create --name me --scope admin)
    """
    scopes = _read_scopes(role, scope)
    expires_at = datetime.now(UTC) + read_duration(expires) if expires else None
    with open_state("keys create", config, data, state_dsn, makes=True) as state:
        key, secret = state.keys.create(project, name, scopes, expires_at, (spans_per_s, bytes_per_s))
        say(f"Key '{key.id}' of project '{key.project}' may: {', '.join(key.scopes)}. It is shown this once:")
        print_line(secret)
        say(f"Kept in {state.database.description}. From the first key on, every request needs one.")


def list_keys(
    project: Annotated[str | None, typer.Option(help="Of one project only.")] = None,
    form: options.ListFormat = options.Format.TABLE,
    data: options.Data = None,
    state_dsn: options.StateDsn = None,
    config: options.Config = None,
) -> None:
    """List the keys, oldest first, the revoked ones too.

    $ watchkeeper keys list --project default
    """
    with open_state("keys list", config, data, state_dsn) as state:
        keys = state.keys.list(project)
    if form == options.Format.JSON:
        print_json([asdict(key) for key in keys])
        return
    print_table(COLUMNS, map(_row, keys), empty="There are no keys: `watchkeeper keys create` makes one.")


def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` shows it.")],
    data: options.Data = None,
    state_dsn: options.StateDsn = None,
    config: options.Config = None,
) -> None:
    """End a key: collectors refuse it within a second.

    $ watchkeeper keys revoke 4k7mzq2f9x3c
    """
    with open_state("keys revoke", config, data, state_dsn) as state:
        key = state.keys.revoke(key_id)
    say(f"Key '{key.id}' ({key.name}) of project '{key.project}' is revoked.")


def _read_scopes(role: str | None, scopes: list[str] | None) -> tuple[str, ...]:
    from watchkeeper_collector.state.keys import scopes_of  # noqa: PLC0415 - slow, for --help

    if role and scopes:
        raise CommandFailedError(
            "A key has a role or scopes. Leave out --role or --scope.", exit_code=USED_WRONGLY
        )
    return scopes_of(role) if role else tuple(scopes or ("ingest",))


def _row(key: "ApiKey") -> tuple[str, ...]:
    used = render_age(key.last_used_at) if key.last_used_at else "never"
    return (
        key.id,
        key.project,
        key.name,
        " ".join(key.scopes),
        render_time(key.created_at),
        used,
        _state(key),
    )


def _state(key: "ApiKey") -> str:
    if key.revoked_at:
        return f"revoked {render_time(key.revoked_at)}"
    if key.expires_at is None:
        return "in force"
    word = "expired" if key.expires_at <= datetime.now(UTC) else "expires"
    return f"{word} {render_time(key.expires_at)}"
