"""The conventions' data files, and SQL literals."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

DATA = files("watchkeeper_schemas").joinpath("conventions")


@cache
def load(name: str) -> Mapping[str, Any]:
    """One of the conventions' TOML files, by its stem."""
    return tomllib.loads(DATA.joinpath(f"{name}.toml").read_text("utf-8"))


def load_template(name: str) -> str:
    """One of the conventions' SQL templates, by its stem."""
    return DATA.joinpath(f"{name}.sql").read_text("utf-8")


def quote(text: str) -> str:
    """An SQL string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def literals(values: Iterable[str]) -> str:
    return ", ".join(map(quote, values))
