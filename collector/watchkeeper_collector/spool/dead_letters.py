"""Requests that ClickHouse refused, kept as files until someone replays or removes them.

A letter is one file: a line of JSON about it, then the request's bytes. It appears at once and
durably, so there is never half a letter. With keys the request is sealed, and so is the reason, which
may quote it.
"""

import asyncio
import base64
import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Protocol

from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.sealing import KeyChain, open_sealed
from watchkeeper_collector.spool import files
from watchkeeper_collector.spool.segment import SegmentIds

SUFFIX = ".letter"
VALID_ID = re.compile(r"[0-9a-f]{16}-[0-9a-f]{8}-[0-9]{6,10}")
LONGEST_REASON_CHARS = 2000
SEALED = "sealed:"

log = logging.getLogger(__name__)


class Append(Protocol):
    """``Spool.append``: returns once the request is durable."""

    async def __call__(
        self, signal: str, project: str, key_id: str, body: bytes, items: int, *, replay_of: str = ""
    ) -> bool: ...


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What is known about a refused request. Ids sort by time."""

    id: str
    signal: str
    project: str
    key_id: str
    received_ns: int
    reason: str
    items: int
    body_bytes: int


def id_of_letter(segment_id: str, number: int) -> str:
    """Return the id for a segment's record: the same each time, so that moving it twice makes one letter."""
    return f"{segment_id}-{number:06d}"


class DeadLetters:
    """The folder of letters. Thread-safe; methods block on the disk, and raise ``OSError`` with it."""

    def __init__(self, directory: Path, ids: SegmentIds, chain: KeyChain | None = None) -> None:
        self._directory = directory
        self._chain = chain
        self._ids = ids
        self._lock = threading.Lock()
        self._sizes: dict[str, int] = {}
        self._bytes = 0

    def open(self) -> None:
        """Make the folder, or find the letters in it."""
        files.make_directory(self._directory)
        files.remove_unfinished(self._directory)
        for path in self._directory.glob(f"*{SUFFIX}"):
            if VALID_ID.fullmatch(path.stem):
                self._count(path.stem, path.stat().st_size)

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def size_bytes(self) -> int:
        """Disk that the letters use."""
        return self._bytes

    def holds(self, letter_id: str) -> bool:
        return letter_id in self._sizes

    def keep(self, letter: DeadLetter, body: bytes | memoryview) -> None:
        """Write a letter durably. Writing it again replaces it."""
        shown = letter
        if self._chain is not None:
            context = letter.id.encode()
            reason = base64.b64encode(self._chain.seal(letter.reason.encode(), context)).decode()
            shown = replace(letter, reason=SEALED + reason)
            body = self._chain.seal(bytes(body), context)
        header = json.dumps(asdict(shown)).encode() + b"\n"
        files.replace_durably(self._path(letter.id), [header, body])
        self._count(letter.id, len(header) + len(body))

    def park(
        self,
        signal: str,
        project: str,
        key_id: str,
        body: bytes,
        items: int,
        *,
        received_ns: int,
        reason: str,
    ) -> DeadLetter:
        """Keep a request that never was in a segment."""
        name = id_of_letter(self._ids.next(), 0)
        letter = DeadLetter(name, signal, project, key_id, received_ns, short(reason), items, len(body))
        self.keep(letter, body)
        return letter

    def list(
        self, *, limit: int = 100, before: str | None = None, project: str | None = None
    ) -> list[DeadLetter]:
        """Return letters, newest first: those older than the id ``before``, of one project or of all."""
        found = self._letters(before)
        return list(islice((letter for letter in found if project in {None, letter.project}), limit))

    def look_up(self, letter_id: str) -> DeadLetter:
        """Return a letter without its request. Raises ``NotFoundError``, ``SealedError``."""
        return self._opened(_read_header(self._path(letter_id)))

    def read(self, letter_id: str) -> tuple[DeadLetter, bytes]:
        """Return a letter and its request. Raises ``NotFoundError``, ``SealedError``."""
        letter = self.look_up(letter_id)
        body = self._path(letter_id).read_bytes().partition(b"\n")[2]
        return letter, bytes(open_sealed(self._chain, body, letter_id.encode()))

    def remove(self, letter_id: str) -> None:
        """Remove a letter and its request. Raises ``NotFoundError``."""
        path = self._path(letter_id)
        if not self.holds(letter_id):
            raise _not_found(letter_id)
        files.remove_durably(path)
        self._count(letter_id, None)

    async def replay(self, letter_id: str, append: Append) -> None:
        """Send a letter's request through the spool again; the letter goes once that is durable.

        A second replay of the same letter, say after a crash in between, is recognised by the spool
        as a retry of the first. Raises ``NotFoundError`` and what ``append`` raises.
        """
        letter, body = await asyncio.to_thread(self.read, letter_id)
        await append(letter.signal, letter.project, letter.key_id, body, letter.items, replay_of=letter.id)
        with suppress(NotFoundError):
            await asyncio.to_thread(self.remove, letter_id)

    def _letters(self, before: str | None) -> Iterator[DeadLetter]:
        for letter_id in sorted(self._sizes.copy(), reverse=True):
            if before is None or letter_id < before:
                try:
                    yield self.look_up(letter_id)
                except NotFoundError as error:  # removed meanwhile, or damaged
                    log.warning("%s", error)

    def _opened(self, letter: DeadLetter) -> DeadLetter:
        if not letter.reason.startswith(SEALED):
            return letter
        reason = base64.b64decode(letter.reason.removeprefix(SEALED))
        return replace(letter, reason=bytes(open_sealed(self._chain, reason, letter.id.encode())).decode())

    def _path(self, letter_id: str) -> Path:
        if not VALID_ID.fullmatch(letter_id):
            raise _not_found(letter_id)
        return self._directory / f"{letter_id}{SUFFIX}"

    def _count(self, letter_id: str, size: int | None) -> None:
        with self._lock:
            self._bytes += (size or 0) - self._sizes.pop(letter_id, 0)
            if size is not None:
                self._sizes[letter_id] = size


def short(reason: str) -> str:
    """Cut an error's text to what a person reads."""
    return reason[:LONGEST_REASON_CHARS]


def _read_header(path: Path) -> DeadLetter:
    try:
        with path.open("rb") as file:
            return DeadLetter(**json.loads(file.readline()))
    except FileNotFoundError as error:
        raise _not_found(path.stem) from error
    except (ValueError, TypeError) as error:
        raise NotFoundError(f"The dead letter '{path.stem}' is damaged: {error}") from error


def _not_found(letter_id: str) -> NotFoundError:
    return NotFoundError(f"There is no dead letter '{letter_id}'.")
