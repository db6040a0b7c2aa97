"""Keys for what lies on disk, and bytes sealed with them.

Sealed bytes are ``0x00 · key id (1 byte) · nonce (12) · AES-256-GCM ciphertext with its tag (16)``. Neither a
record of the spool nor an OTLP request can begin with a zero byte: what is sealed is told from what is not by
its first byte, so that a key can be given to a collector that has plain files already.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from watchkeeper_collector.errors import ConfigurationError, SealedError

MARK = 0
NONCE_BYTES = 12
KEY_BYTES = 32
OVERHEAD_BYTES = 2 + NONCE_BYTES + 16
MOST_ID = 255
KEY = re.compile(r"(\d{1,3}):([0-9a-fA-F]{64})")
EXPECTED = (
    "Expected one key a line as `<id>:<64 hexadecimal digits>`, the id a number from 0 to 255, the newest key"
    " last. Make one with `openssl rand -hex 32`."
)


@dataclass(frozen=True, slots=True)
class KeyChain:
    """Keys by their ids. What is written is sealed with the newest; what was written names its own."""

    keys: Mapping[int, bytes] = field(repr=False)
    newest: int

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """``context`` is not hidden, but the bytes open only beside the very same."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self.keys[self.newest]).encrypt(nonce, plain, context)
        return bytes((MARK, self.newest)) + nonce + sealed


def is_sealed(data: bytes | memoryview) -> bool:
    return len(data) >= OVERHEAD_BYTES and data[0] == MARK


def open_sealed(chain: KeyChain | None, data: bytes | memoryview, context: bytes) -> bytes | memoryview:
    """What was sealed; what is not sealed comes back as it is. Raises ``SealedError``."""
    if not is_sealed(data):
        return data
    if chain is None or data[1] not in chain.keys:
        raise SealedError(
            f"This was written with the encryption key '{data[1]}', which is not among the keys given."
            " Put it back into `encryption_key_file`."
        )
    try:
        start = 2 + NONCE_BYTES
        return AESGCM(chain.keys[data[1]]).decrypt(bytes(data[2:start]), data[start:], context)
    except InvalidTag as error:
        raise SealedError(
            f"What was written with the encryption key '{data[1]}' does not open: the key is another one, or"
            " the bytes were changed."
        ) from error


def load_key_file(path: Path) -> KeyChain:
    """The keys in a file, which only its owner may read. Raises ``ConfigurationError``."""
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(
                f"The key file '{path}' can be read by others than its owner. Run: chmod 600 '{path}'."
            )
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The key file '{path}' can't be read: {error}.") from error
    return read_keys(text, f"The key file '{path}'")


def read_keys(text: str, what: str) -> KeyChain:
    """Keys one a line, or with commas between them. Raises ``ConfigurationError``, which shows no key."""
    lines = re.split(r"[\n,]", text)
    wanted = [(number, line.strip()) for number, line in enumerate(lines, 1)]
    keys: dict[int, bytes] = {}
    for number, line in wanted:
        if not line or line.startswith("#"):
            continue
        found = KEY.fullmatch(line)
        if not found or int(found[1]) > MOST_ID or int(found[1]) in keys:
            raise ConfigurationError(f"{what} has no key, or an id twice, in line {number}. {EXPECTED}")
        keys[int(found[1])] = bytes.fromhex(found[2])
    if not keys:
        raise ConfigurationError(f"{what} holds no key. {EXPECTED}")
    return KeyChain(keys, list(keys)[-1])
