"""Where a collector listens."""

import errno
import os
import socket
from dataclasses import dataclass

from watchkeeper_collector.errors import ConfigurationError

BACKLOG = 2048
REASONS = {
    errno.EADDRINUSE: "another program listens there, perhaps a collector. Stop it, or choose another port",
    errno.EACCES: "the system reserves it. Choose a port above 1023",
    errno.EADDRNOTAVAIL: "this machine does not have the address. Choose one of its own",
}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the doors are: ``http`` as a base URL, ``grpc`` as ``host:port``."""

    http: str
    grpc: str


def bind(host: str, port: int, setting: str) -> socket.socket:
    """A socket that listens there; ``setting`` names the port's. Raises ``ConfigurationError``."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except socket.gaierror as error:
        raise ConfigurationError(
            f"The host '{host}' is no name or address that this machine knows: {error.strerror}."
        ) from error
    except OSError as error:
        reason = REASONS.get(error.errno or 0, os.strerror(error.errno or 0))
        raise ConfigurationError(
            f"Cannot listen on port {port} of '{host}' (setting `{setting}`): {reason}."
        ) from error


def check_free(host: str, port: int, setting: str) -> None:
    """Raise ``ConfigurationError`` unless one could listen there: gRPC says less of what is in the way."""
    bind(host, port, setting).close()


def render_address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
