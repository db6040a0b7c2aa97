"""Opening one client for a DSN: the embedded engine or a server."""

import re
import sys
from collections.abc import Mapping
from datetime import UTC
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.common import set_setting
from clickhouse_connect.driver import options
from clickhouse_connect.driver.exceptions import ProgrammingError

from watchkeeper_collector.errors import ConfigurationError, StoreUnavailableError
from watchkeeper_collector.store.embedded_engine import describe_engine
from watchkeeper_collector.store.engine_errors import reason

SCHEMES = {"chdb": "chdb", "clickhouse": "http", "clickhouses": "https"}
DATABASE = "watchkeeper"
TLS_PARAMETERS = {"ca_file": "ca_cert", "cert_file": "client_cert", "key_file": "client_cert_key"}
"""What may follow ``?`` in the DSN of a server, and what the client calls it: files in PEM."""
SEAL_PARAMETERS = ("encryption_key_file", "encryption_keys")
IS_DATABASE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

# We insert rows, never data frames: without these lines the first insert would load pandas and numpy.
options.pd = options.pd_time_test = options.np = None
set_setting("dict_parameter_format", "map")  # a dict bound to {name:Map(…)} travels as a map, not as JSON


def check_dsn(dsn: str) -> None:
    """Raise ``ConfigurationError`` unless the DSN is of a kind we open."""
    parts = urlsplit(dsn)
    if parts.scheme not in SCHEMES:
        raise ConfigurationError(
            f"The DSN scheme '{parts.scheme}' is unknown. Expected chdb:///path,"
            " clickhouse://user:password@host:8123/database or clickhouses://… (TLS)."
        )
    _check_parameters(dsn)
    try:
        _ = parts.port
    except ValueError as error:
        raise ConfigurationError(
            "The port in the DSN is not a number from 0 to 65535. Write '/', '@' and ':' in a password"
            " as %2F, %40 and %3A."
        ) from error
    if not IS_DATABASE.fullmatch(read_database(dsn)):
        raise ConfigurationError(
            "What follows the host in the DSN is not the name of a database. Expected letters, digits and"
            f" '_', at most 64, such as '{DATABASE}', which is meant where there is none. Write '/', '@' and"
            " ':' in a password as %2F, %40 and %3A."
        )


def _check_parameters(dsn: str) -> None:
    known = SEAL_PARAMETERS if urlsplit(dsn).scheme == "chdb" else tuple(TLS_PARAMETERS)
    for name in read_parameters(dsn):
        if name not in known:
            raise ConfigurationError(
                f"The DSN has a parameter '{name}' that means nothing here. Expected {', '.join(known)}."
            )


def read_parameters(dsn: str) -> dict[str, str]:
    """What follows ``?`` in the DSN."""
    return dict(parse_qsl(urlsplit(dsn).query, keep_blank_values=True))


def read_database(dsn: str) -> str:
    """The database that a server's DSN names; the embedded engine's path is a folder's."""
    parts = urlsplit(dsn)
    named = "" if parts.scheme == "chdb" else parts.path.strip("/")
    return named or DATABASE


def connect(dsn: str, settings: Mapping[str, Any], answer_timeout_s: int) -> Any:
    """Open one client."""
    is_embedded = urlsplit(dsn).scheme == "chdb"
    return connect_embedded(dsn, settings) if is_embedded else connect_server(dsn, settings, answer_timeout_s)


def connect_embedded(dsn: str, settings: Mapping[str, Any]) -> Any:
    """Open a session of the embedded engine; its zone is set before the client asks for it."""
    load_engine()
    path, parameters = urlsplit(dsn).path, read_parameters(dsn)
    try:
        with describe_engine(path, **parameters) as options:
            options["session_timezone"] = settings["session_timezone"]
            return clickhouse_connect.get_client(
                dsn=f"chdb://{path}", settings=dict(settings), chdb_options=options
            )
    except ProgrammingError as error:
        raise StoreUnavailableError(
            f"The embedded engine does not open '{urlsplit(dsn).path}'. Only one process may have the folder"
            f" open, and it must be writable. ({reason(error)})"
        ) from error


@cache
def load_engine() -> None:
    """Import the embedded engine without pyarrow, which it would load and do without: 43 MB, 0.1 s."""
    is_there = "pyarrow" in sys.modules
    if not is_there:
        sys.modules["pyarrow"] = None  # type: ignore[assignment]
    try:
        import chdb.state  # noqa: F401, PLC0415
    finally:
        if not is_there:
            del sys.modules["pyarrow"]


def read_credentials(dsn: str) -> tuple[str, str]:
    """User and password of a server's DSN; both empty for the embedded engine, which has no users."""
    parts = urlsplit(dsn)
    if parts.scheme == "chdb":
        return "", ""
    return unquote(parts.username or "default"), unquote(parts.password or "")


def connect_server(dsn: str, settings: Mapping[str, Any], answer_timeout_s: int) -> Any:
    """Open a client of a server, without a database: migrations may have yet to make it."""
    parts = urlsplit(dsn)
    kind = SCHEMES[parts.scheme]
    user, password = read_credentials(dsn)
    tls: dict[str, Any] = {TLS_PARAMETERS[name]: file for name, file in read_parameters(dsn).items()}
    client = clickhouse_connect.get_client(
        interface=kind,
        host=parts.hostname or "localhost",
        port=parts.port or (8443 if kind == "https" else 8123),
        username=user,
        password=password,
        settings=dict(settings),
        **tls,
        connect_timeout=5,
        send_receive_timeout=answer_timeout_s,
        autogenerate_session_id=False,
        tz_source="server",
    )
    client.server_tz = UTC  # what session_timezone makes of it; the client asked before that was set
    return client
