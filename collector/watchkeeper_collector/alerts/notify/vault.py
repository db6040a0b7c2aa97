"""Secrets of receivers in the state store, and signed links in messages: both with the operator's key."""

import hashlib
import hmac
import json
import os
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from watchkeeper_collector.errors import ConfigurationError, ForbiddenError
from watchkeeper_collector.sealing import KeyChain, load_key_file, open_sealed

LINK_AGE = timedelta(hours=72)
TOKEN = re.compile(r"(msg_[0-9a-f]{8,64})\.(\d{1,12})\.([A-Za-z0-9_-]{43})", re.ASCII)


class Vault:
    """Several collectors on one state store need the same keys."""

    def __init__(self, chain: KeyChain) -> None:
        self._chain = chain

    def seal(self, secrets: Mapping[str, Any], project: str) -> str:
        """As a text that opens in the same project only."""
        plain = json.dumps(dict(secrets)).encode()
        return b64encode(self._chain.seal(plain, _context(project))).decode()

    def open(self, text: str, project: str) -> dict[str, Any]:
        """Raises ``SealedError`` where the key is missing or another one."""
        plain = open_sealed(self._chain, b64decode(text), _context(project))
        found: dict[str, Any] = json.loads(bytes(plain))
        return found

    def build_token(self, delivery_id: str, at: datetime) -> str:
        """Lets whoever holds it acknowledge the alerts of a delivery, for three days."""
        expires = int((at + LINK_AGE).timestamp())
        return f"{delivery_id}.{expires}.{self._sign(self._chain.newest, delivery_id, expires)}"

    def read_token(self, token: str, now: datetime) -> tuple[str, datetime]:
        """The delivery, and when the token expires. Raises ``ForbiddenError``."""
        found = TOKEN.fullmatch(token)
        if found is not None:
            delivery_id, expires = found[1], int(found[2])
            is_ours = any(
                hmac.compare_digest(found[3], self._sign(key, delivery_id, expires))
                for key in self._chain.keys
            )
            if is_ours and now.timestamp() < expires:
                return delivery_id, datetime.fromtimestamp(expires, UTC)
            if is_ours:
                raise ForbiddenError("This link has expired. Acknowledge the alert on the dashboard.")
        raise ForbiddenError(
            "This link is none of ours, or not whole. Acknowledge the alert on the dashboard."
        )

    def _sign(self, key: int, delivery_id: str, expires: int) -> str:
        secret = hmac.digest(self._chain.keys[key], b"links that acknowledge", hashlib.sha256)
        signed = hmac.digest(secret, f"{delivery_id}.{expires}".encode(), hashlib.sha256)
        return urlsafe_b64encode(signed).decode().rstrip("=")


def load_vault(path: Path) -> Vault:
    """With the keys of the file, which is made if there is none. Raises ``ConfigurationError``."""
    if not path.exists():
        _make_key_file(path)
    return Vault(load_key_file(path))


def _make_key_file(path: Path) -> None:
    """Whole or not at all, also where two processes make it at once."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"1:{os.urandom(32).hex()}\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    except OSError as error:
        raise ConfigurationError(f"The key file '{path}' can't be made: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


def _context(project: str) -> bytes:
    return f"receiver of {project}".encode()
