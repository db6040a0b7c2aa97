"""A collector's data folder, taken for as long as a command works on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchkeeper_collector.settings import Settings


@contextmanager
def owned(settings: "Settings") -> Iterator[bool]:
    """False where a collector runs on it. Till the end of the block none can start."""
    from watchkeeper_collector.errors import ConfigurationError  # noqa: PLC0415 - slow, for --help
    from watchkeeper_collector.spool import files  # noqa: PLC0415

    files.make_directory(settings.spool_dir)
    try:
        lock = files.lock_directory(settings.spool_dir)
    except ConfigurationError:
        yield False
        return
    try:
        yield True
    finally:
        os.close(lock)
