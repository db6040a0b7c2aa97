"""``watchkeeper export``: what a filter keeps, as a file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.client import ApiClient, Download
from watchkeeper_collector.cli.console import clean, say
from watchkeeper_collector.cli.failures import FAILED, USED_WRONGLY, CommandFailedError
from watchkeeper_collector.cli.manual import add_command
from watchkeeper_collector.cli.moments import read_moment
from watchkeeper_collector.cli.progress import counting, working

PATH = "/api/v1/export"
ROWS_HEADER = "x-watchkeeper-rows"
PARTIAL = ".part"


class Subject(StrEnum):
    """What a row is."""

    SPANS = "spans"
    TRACES = "traces"
    SESSIONS = "sessions"
    SCORES = "scores"


class FileFormat(StrEnum):
    """What kind of file it is."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def add_to(program: typer.Typer) -> None:
    add_command(program, "export", export)


def export(
    what: Annotated[Subject, typer.Argument(metavar="[WHAT]", help="spans, traces, sessions or scores.")] = (
        Subject.SPANS
    ),
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to.", show_default="standard output"),
    ] = None,
    form: Annotated[
        FileFormat | None,
        typer.Option("--format", help="What kind of file.", show_default="by the file's name, else csv"),
    ] = None,
    filter_: Annotated[
        str, typer.Option("--filter", help="Which spans, in the language of the search bar.")
    ] = "",
    since: Annotated[str, typer.Option("--since", help="Such as 7d or 2026-11-25.")] = "",
    until: Annotated[str, typer.Option("--until", help="Likewise.")] = "",
    with_content: Annotated[
        bool, typer.Option("--with-content", help="Prompts and answers too; needs the right content.")
    ] = False,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Write spans, traces, sessions or scores to a file. However many there are, memory stays small.

    A file has its name once it is whole. In CSV, text that would be taken for a formula begins with '.

    $ watchkeeper export --since 7d --filter "model:gpt-4o* status:error" -o errors.csv
    $ watchkeeper export traces --format jsonl
    $ watchkeeper export scores -o scores.parquet
    """
    chosen = form or _format_of(output)
    parameters: dict[str, Any] = {
        "what": what.value,
        "format": chosen.value,
        "filter": filter_ or None,
        "start": read_moment(since).isoformat() if since else None,
        "end": read_moment(until).isoformat() if until else None,
        "with_content": "true" if with_content else None,
    }
    if output is None and chosen == FileFormat.PARQUET and sys.stdout.isatty():
        raise CommandFailedError(
            "Parquet is no text to look at: name a file with -o.", exit_code=USED_WRONGLY
        )
    with ApiClient(url, api_key).download(PATH, parameters) as download, _opened(output) as file:
        size = _copy(download, file, f"Exporting {what.value}", has_lines=chosen != FileFormat.PARQUET)
    if output is not None:
        say(f"Wrote {size:,} bytes to {clean(str(output))}.")


def _format_of(output: Path | None) -> FileFormat:
    suffix = output.suffix.removeprefix(".").lower() if output else ""
    return FileFormat(suffix) if suffix in set(FileFormat) else FileFormat.CSV


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that gets its name at the end, and goes where the end never comes."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    partial = output.with_name(output.name + PARTIAL)
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(output)
    except OSError as error:
        raise CommandFailedError(
            f"'{clean(str(output))}' can't be written: {error.strerror}.", exit_code=FAILED
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _copy(download: Download, file: BinaryIO, title: str, *, has_lines: bool) -> int:
    """Write what comes; returns how many bytes. Of lines it shows how far it is."""
    rows = int(download.headers.get(ROWS_HEADER) or 0)
    if not (rows and has_lines):
        with working(title):
            return _write(download, file, lambda _: None)
    with counting(title) as show:
        lines = 0

        def count(chunk: bytes) -> None:
            nonlocal lines
            lines += chunk.count(b"\n")
            show(min(1.0, lines / rows))

        return _write(download, file, count)


def _write(download: Download, file: BinaryIO, note: Callable[[bytes], None]) -> int:
    size = 0
    for chunk in download.chunks:
        file.write(chunk)
        size += len(chunk)
        note(chunk)
    return size
