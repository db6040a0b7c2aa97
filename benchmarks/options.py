"""Options that several programs have."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write every figure there, as JSON.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print the tables to be pasted into a page.")]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        metavar="DIR",
        help="Where the data is while it is measured: choose the disk. It is removed afterwards.",
        show_default="the system's temporary folder",
        exists=True,
        file_okay=False,
    ),
]


@contextmanager
def working_folder(folder: Path | None) -> Iterator[Path]:
    """A folder of our own that is removed at the end."""
    with tempfile.TemporaryDirectory(
        prefix="watchkeeper-bench-", dir=folder, ignore_cleanup_errors=True
    ) as made:
        yield Path(made)
