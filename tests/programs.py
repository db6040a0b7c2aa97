"""Programs that tests need besides Python: one that is missing fails the test and says what to install."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest


def find_program(name: str, *, package: str, folders: Iterable[Path] = ()) -> Path:
    """The program's path, from ``folders`` (the last wins) or ``PATH``; ``package`` is Debian's."""
    for folder in reversed(list(folders)):
        if (folder / name).is_file():
            return folder / name
    if found := shutil.which(name):
        return Path(found)
    pytest.fail(f"The program '{name}' is missing: apt-get install {package}, or `make system-packages`.")
