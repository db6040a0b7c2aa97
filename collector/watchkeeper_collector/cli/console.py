"""What goes to the terminal: tables and lines, and nothing in them that a terminal would obey.

Prompts, answers and names come from strangers. Every text of theirs passes through :func:`clean`.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import typer

ESCAPE_SEQUENCE = re.compile(
    r"\x1b[PX^_\]][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # strings to the terminal: titles, links, images
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor movements
    r"|\x1b[ -/]*[0-~]?"
)
UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f"  # control characters
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the direction of a line
    r"\u2028\u2029\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
WHITE_SPACE = re.compile(r"\s+")
GAP = "  "
NARROWEST = 6


class Column(NamedTuple):
    """A table's column. ``is_flexible`` ones give way first on a narrow terminal."""

    title: str
    is_number: bool = False
    is_flexible: bool = False


def clean(text: str) -> str:
    """The text on one line, without escape sequences, control characters and turns of direction."""
    spaced = WHITE_SPACE.sub(" ", ESCAPE_SEQUENCE.sub("", text))
    return WHITE_SPACE.sub(" ", UNPRINTABLE.sub("", spaced)).strip()


def is_terminal() -> bool:
    return sys.stdout.isatty()


def say(text: str = "") -> None:
    """A line for people, on stderr: stdout is for what the command is asked for."""
    typer.echo(text, err=True)


def print_line(text: str) -> None:
    """A line of output. It leaves at once, also into a pipe."""
    typer.echo(text)


def print_json(value: Any) -> None:
    """JSON, with what a terminal could obey as escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    print_line(re.sub(r"[\x7f-\x9f]|(?!\n)" + UNPRINTABLE.pattern, _escape, text))


def print_csv(text: str) -> None:
    """CSV as it is into a file or pipe, without control characters on a terminal."""
    if is_terminal():
        text = "\n".join(UNPRINTABLE.sub("", ESCAPE_SEQUENCE.sub("", line)) for line in text.splitlines())
    typer.echo(text.rstrip("\n"))


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """An aligned table; ``empty`` goes to stderr where there is no row. Cells are cleaned here."""
    cells = [[clean(cell) for cell in row] for row in rows]
    if not cells:
        say(empty)
        return
    head, *lines = render_table(columns, cells, shutil.get_terminal_size().columns if is_terminal() else None)
    print_line(typer.style(head, bold=True) if is_terminal() else head)
    for line in lines:
        print_line(line)


def render_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """The lines of a table, its head first. With a width, what is too long ends in an ellipsis."""
    from rich.cells import cell_len  # noqa: PLC0415 - slow, and --help has no use for it

    lines = [[column.title for column in columns], *rows]
    widths = [max(cell_len(line[place]) for line in lines) for place in range(len(columns))]
    if width is not None:
        _narrow(widths, columns, width)
    return [
        GAP.join(
            fit(cell, width, is_number=column.is_number)
            for cell, width, column in zip(line, widths, columns, strict=True)
        ).rstrip()
        for line in lines
    ]


def _narrow(widths: list[int], columns: Sequence[Column], width: int) -> None:
    """Take from the flexible columns first, then from all, each time from the widest."""
    places = range(len(widths))
    for giving in ([place for place in places if columns[place].is_flexible], places):
        while giving and sum(widths) + len(GAP) * (len(widths) - 1) > width:
            widest = max(giving, key=lambda place: widths[place])
            if widths[widest] <= NARROWEST:
                break
            widths[widest] -= 1


def fit(cell: str, width: int, *, is_number: bool = False) -> str:
    """The cell in just so many columns of a terminal: numbers to the right, what is too long cut."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - slow, and --help has no use for it

    if cell_len(cell) > width:
        return set_cell_size(cell, width - 1) + "…"
    blanks = " " * (width - cell_len(cell))
    return blanks + cell if is_number else cell + blanks


def render_number(value: float | None, unit: str = "") -> str:
    """A number as people read it, by its unit: ``usd``, ``ms``, ``ratio`` or a count. Unknown is ``-``."""
    if value is None:
        return "-"
    match unit:
        case "usd" if 0 < value < 0.00005:
            return "<$0.0001"
        case "usd":
            return f"${value:,.2f}" if value >= 100 or value == 0 else f"${value:,.4f}"
        case "ms":
            return f"{value:,.0f} ms" if value < 1000 else f"{value / 1000:,.2f} s"
        case "ratio":
            return f"{100 * value:.1f} %"
        case _:
            return f"{value:,}" if float(value).is_integer() else f"{value:,.2f}"


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    return f"\\u{0xD7C0 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
