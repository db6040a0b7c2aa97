"""A request on its way into the spool."""

import asyncio
import hashlib
from dataclasses import dataclass, field

SIGNALS = ("traces", "logs", "metrics")
FINGERPRINT_BYTES = 16


@dataclass(slots=True, eq=False)
class Request:
    """One body waiting for its commit.

    ``sender`` is the encoded part of the record that is known already. ``outcome`` becomes True
    (stored), False (an identical one is safe already) or the error to raise; ``answer`` then
    carries it to the coroutine that waits. ``twins`` are identical ones that came while this one waited.
    """

    signal: str
    sender: bytes = field(repr=False)
    body: bytes = field(repr=False)
    items: int
    received_ns: int
    identity: bytes
    answer: "asyncio.Future[bool]"
    fingerprint: bytes = b""
    outcome: bool | Exception | None = None
    twins: list["Request"] = field(default_factory=list)

    def take_fingerprint(self) -> bytes:
        """Compute what tells a retry from a new request. It reads the whole body: keep it off event loops."""
        digest = hashlib.sha256(self.identity)
        digest.update(self.body)
        self.fingerprint = digest.digest()[:FINGERPRINT_BYTES]
        return self.fingerprint


def identity(project: str, signal: str, replay_of: str = "") -> bytes:
    """Return what must agree, beside the body, in a request and its retry.

    A replayed dead letter has an identity of its own: it must pass although the request was seen.
    """
    about = f"{signal}\0{replay_of}\0{project}".encode()
    return len(about).to_bytes(8, "little") + about
