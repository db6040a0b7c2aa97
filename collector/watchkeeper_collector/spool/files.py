"""Files that survive a power cut: written whole, fsynced, their folder entries too."""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from watchkeeper_collector.errors import ConfigurationError

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
UNFINISHED = ".unfinished"
BUFFERS_PER_WRITE = 1024  # IOV_MAX of Linux and macOS


def make_directory(path: Path) -> None:
    """Make a folder that only its owner can open, and its missing parents."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the creation, renaming and removal of the folder's entries durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_file(path: Path) -> int:
    """Create a file that must not exist yet, with its folder entry durable. The caller closes it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    try:
        sync_directory(path.parent)
    except OSError:
        os.close(descriptor)
        path.unlink()
        raise
    return descriptor


def write_all(descriptor: int, buffers: Sequence[bytes | memoryview]) -> None:
    """Write the buffers in order without joining them. On ``OSError`` a part of them may be written."""
    for start in range(0, len(buffers), BUFFERS_PER_WRITE):
        views = [memoryview(buffer) for buffer in buffers[start : start + BUFFERS_PER_WRITE]]
        while views:
            views = _behind(views, os.writev(descriptor, views))


def replace_durably(path: Path, buffers: Sequence[bytes | memoryview]) -> None:
    """Give the file this content: after a crash it has the old content or the new, never a part."""
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        try:
            write_all(descriptor, buffers)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        unfinished.rename(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def remove_durably(path: Path) -> None:
    """Remove a file that may be gone already."""
    path.unlink(missing_ok=True)
    sync_directory(path.parent)


def remove_unfinished(directory: Path) -> None:
    """Remove what :func:`replace_durably` left behind when the process was killed in it."""
    for path in directory.glob(f"*{UNFINISHED}"):
        path.unlink()


def lock_directory(directory: Path) -> int:
    """Own the folder until the returned descriptor is closed or the process ends.

    Raises ``ConfigurationError`` when another process owns it.
    """
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise ConfigurationError(
            f"The spool folder '{directory}' is in use by another process. Only one collector may own it:"
            " stop the other one, or give this one its own data folder."
        ) from error
    return descriptor


def _behind(views: list[memoryview], written: int) -> list[memoryview]:
    """Return what is left of the views after their first ``written`` bytes."""
    for index, view in enumerate(views):
        if written < len(view):
            return [view[written:], *views[index + 1 :]]
        written -= len(view)
    return []
