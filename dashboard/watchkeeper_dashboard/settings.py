"""What the dashboard needs to know, in one frozen object that the command line builds."""

import ipaddress
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

DEFAULT_URL = "http://127.0.0.1:4318"
DEFAULT_PORT = 8501


@dataclass(frozen=True, slots=True)
class Settings:
    """``collector_url`` is where the API is.

    ``is_trusted``: whoever reaches the dashboard may act as the dashboard's own machine. Else a collector
    without keys is told that somebody else is behind each request, and serves nobody.
    """

    collector_url: str = DEFAULT_URL
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    is_trusted: bool = True

    def as_secrets(self) -> dict[str, Any]:
        """In the form in which Streamlit hands it to the pages."""
        return {"watchkeeper": asdict(self)}


def read_settings(secrets: Mapping[str, Any]) -> Settings:
    """What :meth:`Settings.as_secrets` rendered."""
    return Settings(**secrets["watchkeeper"])


def is_loopback(host: str) -> bool:
    """Whether the name or address can only mean this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
