"""``watchkeeper up`` and ``watchkeeper collector``: the same server, for people and for production."""

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.banner import find_program, print_banner, print_stopped
from watchkeeper_collector.cli.console import say
from watchkeeper_collector.cli.dashboard_process import (
    DashboardProcess,
    Place,
    find_port,
    reach,
    read_sign_in,
)
from watchkeeper_collector.cli.demonstration import Demonstration
from watchkeeper_collector.cli.failures import USED_WRONGLY, CommandFailedError
from watchkeeper_collector.cli.manual import add_command

if TYPE_CHECKING:
    from watchkeeper_collector.serving import Addresses
    from watchkeeper_collector.settings import Settings

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

Demo = Annotated[
    bool,
    typer.Option(
        "--demo",
        help="Send live traffic of an invented shop, after five weeks of its history and what forty"
        " instrumentations really sent. Without --data everything is gone at the end.",
    ),
]


def add_to(program: typer.Typer) -> None:
    add_command(program, "up", start_here)
    add_command(program, "collector", start_plainly)


def start_here(
    *,
    demo: Demo = False,
    data: options.Data = None,
    dsn: options.Dsn = None,
    host: options.Host = None,
    http_port: options.HttpPort = None,
    grpc_port: options.GrpcPort = None,
    dashboard_port: options.DashboardPort = options.DASHBOARD_PORT,
    no_dashboard: options.NoDashboard = False,
    insecure: options.Insecure = None,
    config: options.Config = None,
) -> None:
    """Start a collector here with its dashboard, until Ctrl-C.

    It takes OpenTelemetry data on ports 4318 (HTTP) and 4317 (gRPC), keeps it in ./watchkeeper-data, shows it
    on port 8501, and says what an application needs to send to it.

    $ watchkeeper up
    $ watchkeeper up --demo
    $ watchkeeper up --http-port 14318 --grpc-port 14317 --data /srv/watchkeeper
    """
    flags = {"dsn": dsn, "host": host, "http_port": http_port, "grpc_port": grpc_port, "insecure": insecure}
    logging.basicConfig(level=logging.WARNING, format=LOG_FORMAT)
    program = find_program()
    port = None if no_dashboard else dashboard_port
    if not demo:
        settings = _load(config, data_dir=data, **flags)
        with _dashboard(settings, port, program) as begin:
            _serve(settings, begin)
        print_stopped(settings)
        return
    from watchkeeper_collector.cli.demo_pager import configure_pages, open_pager  # noqa: PLC0415
    from watchkeeper_collector.settings import DEMO_PROJECT  # noqa: PLC0415 - slow, for --help

    with _demo_folder(data) as folder, open_pager() as pager:
        demo_flags: dict[str, object] = {**flags, "data_dir": folder, "default_project": DEMO_PROJECT}
        settings = _load(config, **demo_flags)
        _check_demo(settings)
        if settings.alerts_config is None:
            settings = _load(config, **demo_flags, **configure_pages(settings, pager.url))
        _run_demo(settings, port, program, is_kept=data is not None, pager_url=pager.url)


def start_plainly(
    *,
    data: options.Data = None,
    dsn: options.Dsn = None,
    state_dsn: options.StateDsn = None,
    host: options.Host = None,
    http_port: options.HttpPort = None,
    grpc_port: options.GrpcPort = None,
    insecure: options.Insecure = None,
    config: options.Config = None,
) -> None:
    """Start a collector for production: plain logs on stderr.

    SIGTERM ends it: it finishes the requests under way and brings the spool into the store; what is left
    waits on disk for the next start. Every setting can also come from a WATCHKEEPER_* variable or --config.

    $ watchkeeper collector --dsn clickhouse://user:password@clickhouse:8123/watchkeeper --host 0.0.0.0
    """
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # what it tells, the lines below tell
    settings = _load(
        config,
        data_dir=data,
        dsn=dsn,
        state_dsn=state_dsn,
        host=host,
        http_port=http_port,
        grpc_port=grpc_port,
        insecure=insecure,
    )
    log = logging.getLogger(__name__)
    _serve(settings, lambda addresses: log.info("Listening on %s and %s.", addresses.http, addresses.grpc))
    log.info("Stopped.")


def _load(config: Path | None, **flags: object) -> "Settings":
    from watchkeeper_collector.settings import load_settings  # noqa: PLC0415 - slow, for --help

    return load_settings(config, **flags)


def _serve(settings: "Settings", on_ready: Callable[["Addresses"], None]) -> None:
    from watchkeeper_collector.serving import serve  # noqa: PLC0415 - slow, for --help

    exit_code = serve(settings, on_ready=on_ready)
    if exit_code:
        raise typer.Exit(exit_code)


@contextmanager
def _dashboard(
    settings: "Settings", port: int | None, program: str, pager_url: str = ""
) -> Iterator[Callable[["Addresses"], None]]:
    """What to do once the collector's doors are open: start the dashboard, unless there is no port for it,
    and say where everything is. The dashboard ends with the block."""
    place = None if port is None else _place_of(settings, port)
    sign_in = None if place is None else read_sign_in(settings, place)
    running: list[DashboardProcess] = []

    def begin(addresses: "Addresses") -> None:
        if place is not None:
            running.append(DashboardProcess(place, reach(addresses.http), program, sign_in))
            running[0].start()
        print_banner(settings, addresses, program, place.url if place else "", pager_url)

    try:
        yield begin
    finally:
        for process in running:
            process.stop()


def _place_of(settings: "Settings", port: int) -> Place:
    is_trusted = settings.insecure or settings.is_loopback
    return Place(settings.host, find_port(settings.host, port), is_trusted=is_trusted)


@contextmanager
def _demo_folder(data: Path | None) -> Iterator[Path]:
    """The folder that was named, or one that is removed at the end."""
    if data is not None:
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="watchkeeper-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _check_demo(settings: "Settings") -> None:
    if not settings.is_loopback:
        raise CommandFailedError(
            f"The demo listens on this machine alone, not on '{settings.host}'. Leave out --host.",
            exit_code=USED_WRONGLY,
        )


def _run_demo(settings: "Settings", port: int | None, program: str, *, is_kept: bool, pager_url: str) -> None:
    demonstration = Demonstration(program, is_first=not (settings.data_dir / "clickhouse").exists())

    with _dashboard(settings, port, program, pager_url) as begin_dashboard:

        def begin(addresses: "Addresses") -> None:
            begin_dashboard(addresses)
            demonstration.start(addresses.http)

        try:
            _serve(settings, begin)
        finally:
            demonstration.stop()
    if is_kept:
        print_stopped(settings)
    else:
        say("\nStopped. The demo's data is removed.")
