"""Who a collector is, the same after every restart: what it held when it was killed is its own at once."""

from pathlib import Path

from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.spool import files
from watchkeeper_collector.state.leases import build_holder

FILE = "collector-id"


def load_identity(data_dir: Path) -> str:
    """The name that leases are held under, kept in the data folder, which one process at a time owns.

    Raises ``ConfigurationError`` where the folder can't be written.
    """
    path = data_dir / FILE
    try:
        files.make_directory(data_dir)
        if not path.exists():
            files.replace_durably(path, [build_holder().encode()])
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(f"The file '{path}' can't be written: {error.strerror}.") from error
