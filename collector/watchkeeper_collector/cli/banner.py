"""What a person reads when a collector starts and stops."""

import os
import shlex
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from watchkeeper_collector.cli.console import say
from watchkeeper_collector.cli.options import DEFAULT_URL, GRPC_PORT

if TYPE_CHECKING:
    from watchkeeper_collector.serving import Addresses
    from watchkeeper_collector.settings import Settings

NAME = "watchkeeper"
BANNER = """\
Watchkeeper {version} is running. Stop it with Ctrl-C.

{dashboard}  OTLP over HTTP, API   {http}
  OTLP over gRPC        {grpc}
  API documentation     {http}/api/v1/docs
{pager}  Data                  {data}

An application sends here with

  export OTEL_EXPORTER_OTLP_ENDPOINT={http}
  export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
  export OTEL_SERVICE_NAME=my-application

In another terminal

  {tail}
  {query}
  {doctor}
"""


def print_banner(
    settings: "Settings",
    addresses: "Addresses",
    program: str,
    dashboard_url: str = "",
    pager_url: str = "",
) -> None:
    """The URLs of the dashboard and the demo's pager are empty where there is none."""
    url = addresses.http
    say(
        BANNER.format(
            version=version(NAME),
            http=url,
            dashboard=f"  Dashboard             {dashboard_url}\n" if dashboard_url else "",
            grpc=addresses.grpc,
            pager=f"  Pager of the demo     {pager_url}\n" if pager_url else "",
            data=settings.dsn.rpartition("@")[2] or settings.data_dir,  # without the password
            tail=render_command(program, url, "tail"),
            query=render_command(program, url, "query", "cost_usd, calls by model last 24h"),
            doctor=render_command(program, url, "doctor", *_grpc_option(addresses.grpc)),
        )
    )


def print_stopped(settings: "Settings") -> None:
    say(f"\nStopped. The data stays in '{settings.data_dir}'.")


def _grpc_option(address: str) -> list[str]:
    """Only where it isn't what the doctor takes it for."""
    return [] if address.endswith(f":{GRPC_PORT}") else ["--grpc", address]


def render_command(program: str, url: str, *words: str) -> str:
    """A command as it can be typed here: the program as it was called, an address that isn't the usual."""
    address = [] if url == DEFAULT_URL else ["--url", url]
    return shlex.join([program, *words, *address])


def find_program() -> str:
    """``watchkeeper`` where the shell finds this one by its name, else its path from here.

    To be asked before the engine is loaded: that changes the current folder for a moment.
    """
    called = Path(sys.argv[0]).absolute()
    found = shutil.which(NAME)
    if called.name != NAME or (found and Path(found).absolute() == called):
        return NAME
    return min(os.path.relpath(called), str(called), key=len)
