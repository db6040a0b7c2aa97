"""Options that several commands have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

COLLECTOR_PANEL = "Which collector"
SETTINGS_PANEL = "Settings"
DEFAULT_URL = "http://127.0.0.1:4318"
GRPC_PORT = 4317
DASHBOARD_PORT = 8501

Url = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="WATCHKEEPER_URL",
        help="The collector's address.",
        rich_help_panel=COLLECTOR_PANEL,
    ),
]
Key = Annotated[
    str,
    typer.Option(
        "--api-key",
        envvar="WATCHKEEPER_API_KEY",
        help="An API key. The variable is the better place: options show in the list of processes.",
        rich_help_panel=COLLECTOR_PANEL,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="TOML file with settings. Else $WATCHKEEPER_CONFIG, else ./watchkeeper.toml.",
        rich_help_panel=SETTINGS_PANEL,
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder of the embedded engine, the spool and the state.",
        show_default="watchkeeper-data",
        rich_help_panel=SETTINGS_PANEL,
    ),
]
Dsn = Annotated[
    str | None,
    typer.Option(
        "--dsn",
        help="A ClickHouse server: clickhouse://user:password@host:8123/database.",
        show_default="the embedded engine",
        rich_help_panel=SETTINGS_PANEL,
    ),
]
StateDsn = Annotated[
    str | None,
    typer.Option(
        "--state-dsn",
        help="Where keys are kept: postgresql://user:password@host/database.",
        show_default="a file in the data folder",
        rich_help_panel=SETTINGS_PANEL,
    ),
]
Host = Annotated[
    str | None,
    typer.Option(
        "--host", help="Address to listen on.", show_default="127.0.0.1", rich_help_panel=SETTINGS_PANEL
    ),
]
HttpPort = Annotated[
    int | None,
    typer.Option(
        "--http-port",
        help="OTLP/HTTP and the API. 0 takes a free one.",
        show_default="4318",
        rich_help_panel=SETTINGS_PANEL,
    ),
]
GrpcPort = Annotated[
    int | None,
    typer.Option(
        "--grpc-port",
        help="OTLP/gRPC. 0 takes a free one.",
        show_default="4317",
        rich_help_panel=SETTINGS_PANEL,
    ),
]
DashboardPort = Annotated[
    int,
    typer.Option(
        "--dashboard-port",
        envvar="WATCHKEEPER_DASHBOARD_PORT",
        min=0,
        max=65535,
        help="The dashboard. 0 takes a free one.",
        rich_help_panel=SETTINGS_PANEL,
    ),
]
NoDashboard = Annotated[
    bool,
    typer.Option("--no-dashboard", help="The collector alone.", rich_help_panel=SETTINGS_PANEL),
]
Insecure = Annotated[
    bool | None,
    typer.Option(
        "--insecure",
        help="Listen on an address that others reach although no API key exists.",
        rich_help_panel=SETTINGS_PANEL,
    ),
]


class Format(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"


ListFormat = Annotated[Format, typer.Option("--format", help="How to print it.")]
