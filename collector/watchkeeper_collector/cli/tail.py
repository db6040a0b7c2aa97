"""``watchkeeper query``."""

import typer


def add_to(program: typer.Typer) -> None:
    del program
