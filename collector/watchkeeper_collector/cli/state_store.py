"""The state store, opened straight by a command: so that it works while no collector runs."""

import getpass
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from watchkeeper_collector.cli.failures import USED_WRONGLY, CommandFailedError

if TYPE_CHECKING:
    from watchkeeper_collector.state.state import State


@contextmanager
def open_state(
    command: str, config: Path | None, data: Path | None, state_dsn: str | None, *, makes: bool = False
) -> Iterator["State"]:
    """The migrated state store. What is changed in the block stands in the audit as the command's.

    Only ``makes`` begins a new store: keys in a wrong folder open nothing.
    """
    from watchkeeper_collector.settings import load_settings  # noqa: PLC0415 - slow, for --help
    from watchkeeper_collector.state.deeds import Deed, doing  # noqa: PLC0415
    from watchkeeper_collector.state.state import State  # noqa: PLC0415

    settings = load_settings(config, data_dir=data, state_dsn=state_dsn)
    if not (makes or settings.state_dsn or settings.data_dir.is_dir()):
        raise CommandFailedError(
            f"There is no data folder '{settings.data_dir}'. Name the collector's: --data or --config.",
            exit_code=USED_WRONGLY,
        )
    state = State(settings.state_url)
    try:
        state.migrate()
        with doing(Deed(actor=f"cli:{_user()}", source=socket.gethostname(), action=command)):
            yield state
    finally:
        state.close()


def _user() -> str:
    """Whose terminal it is; a container may know no names."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
