"""API keys: ``wk_<id>.<secret>``.

The secret is 256 random bits, so no guess ever meets its hash: a plain SHA-256 keeps it as well as a slow
password hash would, at a microsecond a request. Hashes are compared in constant time.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from watchkeeper_collector.errors import ForbiddenError, InvalidRequestError

SCOPES = ("ingest", "read", "content", "alerts", "admin")
ROLES: Mapping[str, tuple[str, ...]] = {
    "sender": ("ingest",),
    "viewer": ("read",),
    "analyst": ("read", "content"),
    "responder": ("read", "alerts"),
    "admin": ("admin",),
}
"""What people are, as the scopes they have; ``sender`` is what programs are."""
ID_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
KEY_TEXT = re.compile(r"wk_([a-z0-9]{12})\.([A-Za-z0-9_-]{43})")
LONGEST_NAME = 200
PERSON = "person:"
MOST_RATE = 1e12


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request acts as: one key's project and rights, or a person's in one of their projects.

    ``key_id`` is what stands beside what was done: the key's id, ``person:<name>``, or nothing where no key
    was asked for. ``projects`` are all that a person may choose from. Rates are the key's own.
    """

    project: str
    key_id: str
    scopes: frozenset[str]
    projects: tuple[str, ...] = ()
    spans_per_s: float | None = None
    bytes_per_s: float | None = None

    def allows(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes

    def check_scope(self, scope: str) -> None:
        """Raise ``ForbiddenError`` unless the key has the scope, or ``admin``, which holds them all."""
        if not self.allows(scope):
            raise ForbiddenError(f"{self.described} lacks the scope '{scope}'.")

    @property
    def is_person(self) -> bool:
        return self.key_id.startswith(PERSON)

    @property
    def actor(self) -> str:
        """Who it is, in the audit."""
        if self.is_person:
            return self.key_id
        return f"key:{self.key_id}" if self.key_id else "local"

    @property
    def described(self) -> str:
        """Who it is, in a sentence."""
        if self.is_person:
            return f"'{self.key_id.removeprefix(PERSON)}'"
        return f"The API key '{self.key_id}'"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What may be shown of a key. Rates are what it may send; ``None``: what the settings say."""

    id: str
    project: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    spans_per_s: float | None = None
    bytes_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class KeyLock:
    """What a presented key is held against."""

    secret_hash: str
    principal: Principal
    expires_at: datetime | None

    def opens_for(self, secret: str, now: datetime) -> bool:
        is_current = self.expires_at is None or now < self.expires_at
        return hmac.compare_digest(self.secret_hash, hash_secret(secret)) and is_current


def build_key_id() -> str:
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(12))


def build_secret() -> str:
    return secrets.token_urlsafe(32)


def render_key(key_id: str, secret: str) -> str:
    return f"wk_{key_id}.{secret}"


def read_key(text: str) -> tuple[str, str] | None:
    """Id and secret, or ``None`` for a text that is no key of ours."""
    match = KEY_TEXT.fullmatch(text)
    return (match[1], match[2]) if match else None


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def check_name(name: str) -> None:
    """Raise ``InvalidRequestError`` unless people can read the text in a list of keys."""
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidRequestError(
            f"{name[:LONGEST_NAME]!r} can't name a key. Expected 1 to {LONGEST_NAME} printable characters."
        )


def scopes_of(role: str) -> tuple[str, ...]:
    """Raises ``InvalidRequestError`` for a role that there isn't."""
    if role not in ROLES:
        raise InvalidRequestError(f"There is no role '{role[:60]}'. Expected one of: {', '.join(ROLES)}.")
    return ROLES[role]


def role_of(scopes: Collection[str]) -> str:
    """The role that has these scopes and no others; empty: none has."""
    held = set(scopes)
    return next((role for role, given in ROLES.items() if set(given) == held), "")


def check_rate(rate: float | None) -> None:
    """Raise ``InvalidRequestError`` unless it is no rate of its own, or a number that can limit something."""
    if rate is not None and not 0 < rate <= MOST_RATE:
        raise InvalidRequestError(f"A key can't send {rate:g} a second. Expected a number above 0.")


def check_scopes(scopes: tuple[str, ...]) -> None:
    """Raise ``InvalidRequestError`` for no scope at all, or one that there isn't."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        found = ", ".join(f"'{scope}'" for scope in unknown)
        problem = f"There is no scope {found}." if unknown else "A key needs a scope."
        raise InvalidRequestError(f"{problem} Expected some of: {', '.join(SCOPES)}.")
