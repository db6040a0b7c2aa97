"""The keys that a provider signs with: found through its discovery document, kept, and asked for anew.

A key that is not known is looked up at once, but not more often than every ten seconds, however many tokens
name one. A provider that is away for a while stops nobody whose key is known.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import anyio.to_thread

from watchkeeper_collector.api.tokens import FAMILIES
from watchkeeper_collector.errors import ConfigurationError, IdentityUnavailableError, UnauthenticatedError
from watchkeeper_collector.settings import is_loopback_name

DISCOVERY = "/.well-known/openid-configuration"
FRESH_S = 600.0
STALE_S = 86_400.0
PAUSE_S = 10.0
FETCH_TIMEOUT_S = 5.0
MOST_BYTES = 256 << 10
MOST_KEYS = 100

Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class KeySet:
    """The provider's keys as JWKs, and when they were read."""

    keys: tuple[Mapping[str, Any], ...] = ()
    loaded_at_s: float = float("-inf")

    def find(self, algorithm: str, key_id: str) -> Mapping[str, Any] | None:
        """The key of that id; without an id the only one that fits."""
        fitting = [key for key in self.keys if _fits(key, algorithm)]
        if key_id:
            return next((key for key in fitting if key.get("kid") == key_id), None)
        return fitting[0] if len(fitting) == 1 else None


class SigningKeys:
    """The keys of one provider. For one event loop; what is fetched is fetched on a thread."""

    def __init__(self, issuer: str, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._set = KeySet()
        self._tried_at_s = float("-inf")
        self._lock = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None

    async def find(self, algorithm: str, key_id: str) -> Mapping[str, Any]:
        """Raises ``UnauthenticatedError`` for a key that the provider does not have, and
        ``IdentityUnavailableError`` where its keys are not known."""
        if self._age_s() < STALE_S and (found := self._set.find(algorithm, key_id)):
            self._renew_if_old()
            return found
        async with self._lock:
            if self._clock() - self._tried_at_s >= PAUSE_S:
                await self._load()
        if self._age_s() >= STALE_S:
            raise IdentityUnavailableError(f"The provider '{self._issuer}' does not give its keys.")
        if found := self._set.find(algorithm, key_id):
            return found
        raise UnauthenticatedError(
            "The token is refused: it is signed with a key that the provider does not have. Sign in again."
        )

    def _age_s(self) -> float:
        return self._clock() - self._set.loaded_at_s

    def _renew_if_old(self) -> None:
        is_due = self._age_s() >= FRESH_S and self._clock() - self._tried_at_s >= PAUSE_S
        if is_due and (self._renewing is None or self._renewing.done()):
            self._renewing = asyncio.create_task(self._load())

    async def _load(self) -> None:
        """Read the keys anew. Where that fails, those that are known stay."""
        self._tried_at_s = self._clock()
        try:
            keys = await anyio.to_thread.run_sync(self._read)
        except IdentityUnavailableError:
            return
        self._set = KeySet(keys, self._clock())

    def _read(self) -> tuple[Mapping[str, Any], ...]:
        try:
            about = json.loads(self._fetch(self._issuer.rstrip("/") + DISCOVERY))
            if about["issuer"] != self._issuer:
                raise _unavailable(self._issuer, "its discovery document names another issuer")
            check_address(about["jwks_uri"])
            keys = json.loads(self._fetch(about["jwks_uri"]))["keys"]
            return tuple(key for key in keys[:MOST_KEYS] if isinstance(key, dict))
        except (ValueError, KeyError, TypeError, RecursionError, ConfigurationError):
            raise _unavailable(self._issuer, "what it says can't be read") from None


def fetch_document(url: str) -> bytes:
    """A document of the provider, bounded in size and time; redirects are not followed."""
    import httpx  # noqa: PLC0415 - slow to load, and without a provider nobody needs it

    is_local = is_loopback_name(urlsplit(url).hostname or "")
    try:
        with (
            httpx.Client(timeout=FETCH_TIMEOUT_S, trust_env=not is_local) as client,
            client.stream("GET", url, headers={"accept": "application/json"}) as answer,
        ):
            if answer.status_code != 200:
                raise _unavailable(url, f"it answers {answer.status_code}")
            return _read_bounded(url, answer.iter_bytes(1 << 14))
    except httpx.HTTPError as error:
        raise _unavailable(url, type(error).__name__) from error


def check_address(url: str) -> None:
    """Raise ``ConfigurationError`` unless what comes from there can be believed: HTTPS, or this machine."""
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and is_loopback_name(parts.hostname or "")
    if not (parts.hostname and (parts.scheme == "https" or is_local)):
        raise ConfigurationError(f"'{url[:200]}' is no address of a provider. Expected https://….")


def _read_bounded(url: str, chunks: Any) -> bytes:
    ends_at_s, read = time.monotonic() + FETCH_TIMEOUT_S, bytearray()
    for chunk in chunks:
        read += chunk
        if len(read) > MOST_BYTES or time.monotonic() > ends_at_s:
            raise _unavailable(url, f"its answer is longer than {MOST_BYTES:,} bytes, or takes too long")
    return bytes(read)


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    """A key for signatures, of the kind that the algorithm needs, and not said to be for another."""
    return (
        key.get("kty") == FAMILIES[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    )


def _unavailable(place: str, reason: str) -> IdentityUnavailableError:
    return IdentityUnavailableError(f"The provider '{place[:200]}' can't be asked: {reason}.")
