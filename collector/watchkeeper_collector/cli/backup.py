"""``watchkeeper backup``: a copy of everything, of a collector that runs or is stopped."""

import shutil
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.client import ApiClient
from watchkeeper_collector.cli.console import clean, print_line, say
from watchkeeper_collector.cli.failures import CommandFailedError
from watchkeeper_collector.cli.manual import add_command

if TYPE_CHECKING:
    from watchkeeper_collector.settings import Settings

PATH = "/api/v1/backups"
PAUSE_S = 0.5


def add_to(program: typer.Typer) -> None:
    add_command(program, "backup", back_up)


def back_up(
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to make it; not there yet.")],
    data: options.Data = None,
    dsn: options.Dsn = None,
    state_dsn: options.StateDsn = None,
    config: options.Config = None,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Copy everything that a collector keeps: the store, the state, and what waits in the spool.

    A running collector goes on taking telemetry meanwhile; it is asked at --url, by a key with the right
    admin of the default project, and has to be on this machine. One that is stopped is read from its data
    folder. Every file is in the copy with its checksum, which `restore` looks at.

    $ watchkeeper backup /backups/2026-11-25
    $ watchkeeper backup /backups/today --data /srv/watchkeeper
    """
    from watchkeeper_collector.settings import load_settings  # noqa: PLC0415 - slow, for --help

    folder = folder.absolute()
    if folder.exists():
        raise CommandFailedError(f"'{folder}' exists already. Name a folder that is to be made.")
    settings = load_settings(config, data_dir=data, dsn=dsn, state_dsn=state_dsn)
    if not settings.data_dir.is_dir():
        raise CommandFailedError(
            f"There is no data folder '{settings.data_dir}'. Name the collector's: --data or --config."
        )
    if not _of_stopped(settings, folder):
        _of_running(ApiClient(url, api_key), folder)
    size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    say(f"The backup is made: {size_bytes:,} bytes in")
    print_line(str(folder))


def _of_stopped(settings: "Settings", folder: Path) -> bool:
    """Whether no collector runs on the data folder, so that the backup was made of it."""
    from watchkeeper_collector.app.backups import build_origin, open_engine  # noqa: PLC0415 - slow, for --help
    from watchkeeper_collector.backup.making import make_backup  # noqa: PLC0415
    from watchkeeper_collector.cli.data_folder import owned  # noqa: PLC0415
    from watchkeeper_collector.state.state import State  # noqa: PLC0415

    with owned(settings) as is_ours:
        if is_ours:
            with closing(State(settings.state_url)) as state, closing(open_engine(settings)) as store:
                state.migrate()
                make_backup(build_origin(settings, store, state.database), folder)
        return is_ours


def _of_running(client: ApiClient, folder: Path) -> None:
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    run = client.send("POST", PATH, {"name": name})
    say("The collector makes it, and takes telemetry meanwhile …")
    while run["state"] == "running":
        time.sleep(PAUSE_S)
        run = client.get(f"{PATH}/{name}")
    if run["state"] == "failed":
        raise CommandFailedError(f"The backup failed: {clean(run['failure'])}")
    made = Path(run["path"])
    if not made.is_dir():
        raise CommandFailedError(
            f"The backup is made, on the collector's machine: '{clean(run['path'])}'. This one can't move it"
            f" to '{folder}'."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made, folder)
