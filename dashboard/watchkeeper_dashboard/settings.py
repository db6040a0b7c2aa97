"""What the dashboard needs to know, in one frozen object that the command line builds."""

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

DEFAULT_URL = "http://127.0.0.1:4318"
DEFAULT_PORT = 8501
COOKIES = b"watchkeeper dashboard cookies"


@dataclass(frozen=True, slots=True)
class SignIn:
    """The OpenID Connect provider that people sign in through, and where they find the dashboard."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    address: str

    def as_auth(self) -> dict[str, Any]:
        """As Streamlit wants it. What signs cookies follows from the secret: they outlive a restart."""
        return {
            "redirect_uri": f"{self.address.rstrip('/')}/oauth2callback",
            "cookie_secret": hmac.new(self.client_secret.encode(), COOKIES, hashlib.sha256).hexdigest(),
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "server_metadata_url": f"{self.issuer.rstrip('/')}/.well-known/openid-configuration",
            "expose_tokens": "id",
        }


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
    sign_in: SignIn | None = None

    def as_secrets(self) -> dict[str, Any]:
        """In the form in which Streamlit hands it to the pages, and reads how people sign in."""
        auth = {} if self.sign_in is None else {"auth": self.sign_in.as_auth()}
        facts = {**asdict(self), "sign_in": None, "has_sign_in": self.sign_in is not None}
        return {"watchkeeper": {name: fact for name, fact in facts.items() if fact is not None}, **auth}


@dataclass(frozen=True, slots=True)
class Seen:
    """What pages know of the settings: no secret is among it."""

    collector_url: str
    host: str
    port: int
    is_trusted: bool
    has_sign_in: bool


def build_settings(facts: Mapping[str, Any]) -> Settings:
    """From JSON. Raises ``TypeError`` for what there isn't."""
    sign_in = facts.get("sign_in")
    return Settings(**{**facts, "sign_in": SignIn(**sign_in) if sign_in else None})


def read_settings(secrets: Mapping[str, Any]) -> Seen:
    """What :meth:`Settings.as_secrets` rendered."""
    return Seen(**secrets["watchkeeper"])


def is_loopback(host: str) -> bool:
    """Whether the name or address can only mean this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
