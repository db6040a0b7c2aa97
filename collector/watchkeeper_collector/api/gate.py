"""Whom a request acts as: the keeper of a key, or, while no key exists, this machine's user.

A collector on loopback without keys trusts every program of the machine. It must not trust two others that
reach loopback too: a web page, whose script sends its own site's name as ``Host`` (DNS rebinding) or
``Origin``, and the clients of a reverse proxy, which names them in a header of its own.
"""

from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from watchkeeper_collector.errors import ForbiddenError, UnauthenticatedError
from watchkeeper_collector.settings import is_loopback_name
from watchkeeper_collector.state.keys import SCOPES, Principal

PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
ADVICE = "Make an API key (`watchkeeper keys create`) and send it: then every caller who has it is served."


class Keys(Protocol):
    """``watchkeeper_collector.state.api_keys.ApiKeys`` is one."""

    def authenticate(self, key_text: str) -> Principal | None: ...

    def has_any(self) -> bool: ...


class Gate:
    """Authenticates requests. ``open_project`` is whose everything is while no key exists; empty: nobody's.

    ``is_local`` says that without a key only this machine's programs are served.
    """

    def __init__(
        self,
        keys: Keys,
        read_secrets: Callable[[Mapping[str, str]], tuple[str, ...]],
        *,
        open_project: str,
        is_local: bool,
    ) -> None:
        self._keys = keys
        self._read_secrets = read_secrets
        self._is_local = is_local
        self._owner = Principal(open_project, "", frozenset(SCOPES)) if open_project else None

    def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """Whom a request with these headers acts as. Raises ``UnauthenticatedError``, ``ForbiddenError``."""
        if self._owner is not None and not self._keys.has_any():
            if self._is_local:
                check_local(headers)
            return self._owner
        secrets = self._read_secrets(headers)
        for secret in secrets:
            if (principal := self._keys.authenticate(secret)) is not None:
                return principal
        raise UnauthenticatedError(
            "The request's API key is unknown, expired or revoked."
            if secrets
            else "The request has no API key. Send it as 'Authorization: Bearer <key>' or 'x-api-key: <key>'."
        )


def check_local(headers: Mapping[str, str]) -> None:
    """Raise ``ForbiddenError`` for a request that a web page or a proxy's client may have sent.

    gRPC has neither header: a web page can't speak it.
    """
    for name in PROXY_HEADERS:
        if name in headers:
            raise ForbiddenError(
                f"The request came through a proxy ('{name}' says so), and without an API key only this"
                f" machine is served. {ADVICE}"
            )
    for name in ("host", "origin"):
        value = headers.get(name)
        if value is not None and not is_loopback_name(_host_of(value)):
            raise ForbiddenError(
                f"The request's {name} '{value}' is not this machine, and without an API key only this"
                f" machine is served. {ADVICE}"
            )


def _host_of(value: str) -> str:
    """The name in a ``Host`` or an ``Origin``; empty where there is none."""
    try:
        return urlsplit(value if "//" in value else f"//{value}").hostname or ""
    except ValueError:
        return ""
