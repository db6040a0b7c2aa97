"""Who sends: the key in a request's headers, in any of the places where senders put it."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass

KEY_HEADERS = ("x-api-key", "api_key", "api-key")


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated sender. ``key_id`` is empty where no key was asked for.

    What a second may bring, where the key has a rate of its own; ``None``: what holds for all keys.
    """

    project: str
    key_id: str
    items_per_s: float | None = None
    bytes_per_s: float | None = None


Authenticate = Callable[[Mapping[str, str]], Caller]
"""Lower-cased headers (or gRPC metadata) → caller. Raises ``UnauthenticatedError`` or ``ForbiddenError``."""


def read_secrets(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Every text that may be the request's key, likeliest first; empty if it brings none.

    ``Authorization: Bearer K``, ``Authorization: K``, Basic with K as its password or user (Langfuse sends
    ``public:secret``), or a header of its own.
    """
    secrets = list(_read_authorization(headers.get("authorization", "").strip()))
    secrets += [headers[name].strip() for name in KEY_HEADERS if name in headers]
    return tuple(dict.fromkeys(secret for secret in secrets if secret))


def _read_authorization(value: str) -> tuple[str, ...]:
    scheme, space, credentials = value.partition(" ")
    if not space:
        return (value,)
    credentials = credentials.strip()
    match scheme.lower():
        case "bearer":
            return (credentials,)
        case "basic":
            user, _, password = _decode_basic(credentials).partition(":")
            return (password, user)
        case _:
            return ()


def _decode_basic(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
