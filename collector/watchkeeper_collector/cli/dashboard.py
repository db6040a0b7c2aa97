"""``watchkeeper dashboard``: the dashboard by itself, beside a collector that runs somewhere."""

import signal
import threading
from typing import Annotated

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.banner import find_program
from watchkeeper_collector.cli.client import ApiClient
from watchkeeper_collector.cli.console import say
from watchkeeper_collector.cli.dashboard_process import DashboardProcess, Place, find_port, read_sign_in
from watchkeeper_collector.cli.manual import add_command

DEFAULT_HOST = "127.0.0.1"


def add_to(program: typer.Typer) -> None:
    add_command(program, "dashboard", show)


def show(
    *,
    url: options.Url = options.DEFAULT_URL,
    host: Annotated[
        str, typer.Option("--host", envvar="WATCHKEEPER_HOST", help="Address to listen on.")
    ] = DEFAULT_HOST,
    port: Annotated[
        int,
        typer.Option(
            "--port", envvar="WATCHKEEPER_DASHBOARD_PORT", min=0, max=65535, help="0 takes a free one."
        ),
    ] = options.DASHBOARD_PORT,
    insecure: Annotated[
        bool,
        typer.Option(
            "--insecure",
            envvar="WATCHKEEPER_INSECURE",
            help="Also show others what a collector without API keys shows this machine.",
        ),
    ] = False,
    config: options.Config = None,
) -> None:
    """Start the dashboard, until Ctrl-C.

    Each viewer signs in, with an API key or through the OpenID Connect provider of the settings, unless the
    collector asks for neither. On an address that
    other machines reach, a collector without keys shows nothing, unless --insecure says so.

    $ watchkeeper dashboard
    $ watchkeeper dashboard --url https://collector.example --host 0.0.0.0
    """
    from watchkeeper_collector.settings import is_loopback_name, load_settings  # noqa: PLC0415 - slow, for --help

    place = Place(host, find_port(host, port), is_trusted=insecure or is_loopback_name(host))
    collector_url = ApiClient(url).url
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    sign_in = read_sign_in(load_settings(config), place)
    process = DashboardProcess(place, collector_url, find_program(), sign_in)
    process.start()
    say(f"The dashboard of {collector_url} is at {place.url}. Stop it with Ctrl-C.")
    while not stopping.wait(0.5) and process.is_wanted:
        pass
    process.stop()
    process.check_ended_well()
