"""Tables of figures: on a terminal, in Markdown to paste, in JSON to keep."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.machine import Machine

PIPE_WIDTH = 160

Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class Table:
    """Units stand in the columns' names. The first column says what a row is about."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Report:
    """What a program found. ``details`` are the figures behind the tables: every round, every sample."""

    machine: Machine
    tables: Sequence[Table]
    notes: Sequence[str] = ()
    details: dict[str, Any] = field(default_factory=dict)


def publish(report: Report, *, is_markdown: bool, out: Path | None) -> None:
    """Print the tables, and write everything to ``out``."""
    if is_markdown:
        print(render_markdown(report))
    else:
        _print_plain(report)
    if out is not None:
        out.write_text(render_json(report), "utf-8")
        print(f"Every figure is in {out}.", file=sys.stderr)


def render_markdown(report: Report) -> str:
    blocks = []
    for table in report.tables:
        lines = [table.columns, ["---"] * len(table.columns), *map(render_row, table.rows)]
        blocks.append(f"**{table.title}**\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines))
    return "\n\n".join([*blocks, *report.notes, f"Measured on {report.machine.render()}."])


def render_json(report: Report) -> str:
    tables = [
        {"title": table.title, "rows": [dict(zip(table.columns, row, strict=True)) for row in table.rows]}
        for table in report.tables
    ]
    content = {
        "machine": report.machine._asdict(),
        "tables": tables,
        "notes": list(report.notes),
        "details": report.details,
    }
    return json.dumps(content, indent=1, default=str) + "\n"


def render_row(row: Sequence[Cell]) -> list[str]:
    return [cell if isinstance(cell, str) else render_number(cell) for cell in row]


def render_number(value: float | None) -> str:
    """Three significant digits; unknown is ``-``."""
    if value is None:
        return "-"
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _print_plain(report: Report) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    for table in report.tables:
        printed = RichTable(title=table.title, title_justify="left", box=None, pad_edge=False)
        for place, column in enumerate(table.columns):
            printed.add_column(column, justify="right" if place else "left", overflow="fold")
        for row in table.rows:
            printed.add_row(*render_row(row))
        console.print(printed)
        console.print()
    for note in report.notes:
        console.print(note, soft_wrap=True)
    console.print(f"Measured on {report.machine.render()}.", soft_wrap=True)
