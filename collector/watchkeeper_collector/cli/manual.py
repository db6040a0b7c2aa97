"""The text behind ``--help``: the docstring of a command, as a terminal of any width shows it."""

import inspect
from collections.abc import Callable
from typing import Any

import typer

EXAMPLE = "$ "


def render_help(text: str) -> str:
    """Prose flows with the width; a paragraph of examples, each line behind ``$``, keeps its lines."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        paragraph if paragraph.startswith(EXAMPLE) else " ".join(paragraph.split("\n"))
        for paragraph in paragraphs
    )


def add_command(group: typer.Typer, name: str, command: Callable[..., Any], *, more: str = "") -> None:
    """``more`` is help that is not the docstring's, such as a list of names."""
    text = inspect.cleandoc(command.__doc__ or "")
    group.command(name, help=render_help(f"{text}\n\n{more.strip()}".strip()))(command)


def add_group(program: typer.Typer, name: str, text: str, **commands: Callable[..., Any]) -> None:
    """A noun with its verbs."""
    group = typer.Typer(help=render_help(text), no_args_is_help=True)
    for verb, command in commands.items():
        add_command(group, verb, command)
    program.add_typer(group, name=name)
