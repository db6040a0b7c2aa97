"""``watchkeeper version``."""

import platform
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

import typer

from watchkeeper_collector.cli.console import print_line
from watchkeeper_collector.cli.manual import add_command

SHOWN = ("chdb", "clickhouse-connect", "genai-prices", "opentelemetry-sdk")


def add_to(program: typer.Typer) -> None:
    add_command(program, "version", show_version)


def show_version() -> None:
    """Print the version, and those of what it stands on."""
    print_line(f"watchkeeper {installed_version('watchkeeper')}")
    print_line(f"python {platform.python_version()} on {sys.platform} {platform.machine()}")
    for name in SHOWN:
        print_line(f"{name} {_version_of(name)}")


def _version_of(name: str) -> str:
    try:
        return installed_version(name)
    except PackageNotFoundError:
        return "not installed"
