"""Write docs/cli.md from the commands' own help.

    python scripts/cli_reference.py

A test compares the two.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from watchkeeper_collector.cli.manual import EXAMPLE
from watchkeeper_collector.cli.program import build_program

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "cli.md"
HEAD = """\
# The command line

Generated from the commands' own help by `python scripts/cli_reference.py`; `watchkeeper COMMAND --help` says
the same.

What a command is asked for goes to stdout, everything else to stderr: tables, JSON and CSV can be piped, and
in a pipe they are plain and never cut. Prompts, answers and names that come from telemetry are shown without
escape sequences and control characters.

| exit code | |
|---|---|
| 0 | done |
| 1 | failed: the message says why and what to do |
| 2 | used wrongly: an unknown command, option or measure, a filter that can't be read |
| 130 | interrupted by Ctrl-C (`up`, `collector` and `tail` end with 0: Ctrl-C is their normal end) |
"""


def render_reference() -> str:
    program = typer.main.get_command(build_program())
    context = program.make_context("watchkeeper", ["version"])
    return "\n".join([HEAD, *_render_commands(program, context)]).rstrip() + "\n"


def _render_commands(group: Any, context: Any) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        inner = type(context)(command, info_name=name, parent=context)
        yield f"{'##' if context.parent is None else '###'} {inner.command_path}\n"
        yield _render_help(command.help)
        if hasattr(command, "list_commands"):
            yield from _render_commands(command, inner)
        else:
            yield from _render_parameters(command, inner)
            yield ""


def _render_help(text: str) -> str:
    """Prose as it is, examples in a block."""
    return "\n".join(_render_paragraph(paragraph) for paragraph in text.split("\n\n"))


def _render_paragraph(text: str) -> str:
    if not text.startswith(EXAMPLE):
        return f"{text}\n"
    lines = [line.removeprefix(EXAMPLE) for line in text.split("\n")]
    return "\n".join(["```sh", *lines, "```", ""])


def _render_parameters(command: Any, context: Any) -> Iterator[str]:
    records = [p.get_help_record(context) for p in command.get_params(context) if p.name != "help"]
    if not records:
        return
    yield "| option or argument | |\n|---|---|"
    for names, text in filter(None, records):
        yield f"| `{_escape(names)}` | {_escape(' '.join(text.split()))} |"


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    REFERENCE.parent.mkdir(exist_ok=True)
    REFERENCE.write_text(render_reference(), "utf-8")
    print(f"{REFERENCE.relative_to(ROOT)} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
