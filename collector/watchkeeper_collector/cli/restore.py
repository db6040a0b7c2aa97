"""``watchkeeper restore``: a data folder of a backup."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.console import say
from watchkeeper_collector.cli.failures import CommandFailedError
from watchkeeper_collector.cli.manual import add_command


def add_to(program: typer.Typer) -> None:
    add_command(program, "restore", restore_backup)


def restore_backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="As `backup` made it.")],
    data: options.Data = None,
    dsn: options.Dsn = None,
    state_dsn: options.StateDsn = None,
    config: options.Config = None,
) -> None:
    """Make a collector's stores of a backup. They have to be empty, and the collector not running.

    Every byte of the backup is looked at first: one that is damaged is refused, and nothing is changed.

    $ watchkeeper restore /backups/2026-11-25 --data /srv/watchkeeper
    """
    from watchkeeper_collector.app import build_layout  # noqa: PLC0415 - slow, for --help
    from watchkeeper_collector.app.backups import engine_backups, open_engine  # noqa: PLC0415
    from watchkeeper_collector.app.keeping import with_retentions  # noqa: PLC0415
    from watchkeeper_collector.backup.restoring import restore  # noqa: PLC0415
    from watchkeeper_collector.cli.data_folder import owned  # noqa: PLC0415
    from watchkeeper_collector.settings import load_settings  # noqa: PLC0415
    from watchkeeper_collector.state.state import State  # noqa: PLC0415
    from watchkeeper_collector.store.connection import read_database  # noqa: PLC0415
    from watchkeeper_collector.store.migration import migrate  # noqa: PLC0415

    settings = load_settings(config, data_dir=data, dsn=dsn, state_dsn=state_dsn)
    with owned(settings) as is_ours:
        if not is_ours:
            raise CommandFailedError(
                f"A collector runs on '{settings.data_dir}'. Stop it, or name another data folder: --data."
            )
        with closing(State(settings.state_url)) as state, closing(open_engine(settings)) as store:
            manifest = restore(
                folder.absolute(),
                database=read_database(settings.store_dsn),
                engine=store,
                engine_backups=engine_backups(settings),
                state=state.database,
                spool_dir=settings.spool_dir,
                key_ids=tuple(settings.chain.keys) if settings.chain else (),
                report=say,
            )
            say("Bringing both up to this version …")
            migrate(store, with_retentions(build_layout(settings), state.retentions.list()))
    say(f"Restored what there was at {manifest.made_at}, into '{settings.data_dir}'. Start the collector.")
