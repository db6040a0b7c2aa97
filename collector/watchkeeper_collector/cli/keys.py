"""``watchkeeper keys``: API keys, straight in the state store, so that it works while no collector runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.console import Column, print_json, print_line, print_table, say
from watchkeeper_collector.cli.failures import USED_WRONGLY, CommandFailedError
from watchkeeper_collector.cli.manual import add_group
from watchkeeper_collector.cli.moments import read_duration, render_age, render_time

if TYPE_CHECKING:
    from watchkeeper_collector.settings import Settings
    from watchkeeper_collector.state.keys import ApiKey
    from watchkeeper_collector.state.state import State

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
    expires: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Stops working after: 12h, 90d.")
    ] = None,
    data: options.Data = None,
    state_dsn: options.StateDsn = None,
    config: options.Config = None,
) -> None:
    """Make a key and print it, this once: only a hash of it is kept.

    $ watchkeeper keys create --name checkout
    $ watchkeeper keys create --name dashboard --scope read --scope content
    $ WATCHKEEPER_API_KEY=$(watchkeeper keys create --name me --scope admin)
    """
    scopes = tuple(scope or ("ingest",))
    expires_at = datetime.now(UTC) + read_duration(expires) if expires else None
    with _open_state(_load(config, data, state_dsn), makes=True) as state:
        key, secret = state.keys.create(project, name, scopes, expires_at)
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
    with _open_state(_load(config, data, state_dsn)) as state:
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
    with _open_state(_load(config, data, state_dsn)) as state:
        key = state.keys.revoke(key_id)
    say(f"Key '{key.id}' ({key.name}) of project '{key.project}' is revoked.")


def _load(config: Path | None, data: Path | None, state_dsn: str | None) -> "Settings":
    from watchkeeper_collector.settings import load_settings  # noqa: PLC0415 - slow, for --help

    return load_settings(config, data_dir=data, state_dsn=state_dsn)


@contextmanager
def _open_state(settings: "Settings", *, makes: bool = False) -> Iterator["State"]:
    """The migrated state store. Only ``makes`` begins a new one: keys in a wrong folder open nothing."""
    from watchkeeper_collector.state.state import State  # noqa: PLC0415 - slow, for --help

    if not (makes or settings.state_dsn or settings.data_dir.is_dir()):
        raise CommandFailedError(
            f"There is no data folder '{settings.data_dir}'. Name the collector's: --data or --config.",
            exit_code=USED_WRONGLY,
        )
    state = State(settings.state_url)
    try:
        state.migrate()
        yield state
    finally:
        state.close()


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
