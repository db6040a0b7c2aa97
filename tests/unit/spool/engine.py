"""A store that fails the way ClickHouse does, on disk, so that it survives a kill like the real one.

A body is ``name:items:`` and padding; it becomes ``items`` rows called ``name``. Bodies whose
name begins with ``bad`` are refused while ``is_picky``. Faults are taken from a list, one for each insert:

- ``away``   nothing happens, the connection is refused;
- ``lost``   all of it is stored, the answer gets lost;
- ``token``  the token is logged, the rows are not there: a crash before the part was renamed;
- ``half``   the first half of the records is there, then the answer gets lost;
- ``killed`` as ``half``, and the process ends.
"""

import json
import threading
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

from watchkeeper_collector.errors import RefusedSegmentError, StoreUnavailableError
from watchkeeper_collector.spool.record import Record, read_records


class KilledError(BaseException):
    """Stands for SIGKILL: nothing of ours may catch it."""


def body_of(name: str, items: int = 1, size: int = 0) -> bytes:
    return f"{name}:{items}:".encode().ljust(size, b".")


def name_of(body: bytes | memoryview) -> str:
    return bytes(body).split(b":", 1)[0].decode()


class Engine:
    """Implements ``SegmentSink``."""

    def __init__(self, directory: Path) -> None:
        self._tokens = directory / "tokens"
        self._parts = directory / "parts"
        self.faults: list[str] = []
        self.is_picky = True
        self.is_opaque = False  # refuses in the real insert only
        self.calls: list[tuple[str, ...]] = []
        self._lock = threading.Lock()
        for folder in (self._tokens, self._parts):
            folder.mkdir(parents=True, exist_ok=True)

    def insert(self, signal: str, segment_id: str, payload: bytes, token: str) -> None:
        with self._lock:
            self.calls.append(("insert", segment_id, token))
            records = whole(payload)
            fault = self.faults.pop(0) if self.faults else ""
            if fault == "away":
                raise StoreUnavailableError("The store is away.")
            self._check(records)
            if (self._tokens / token).exists():
                return
            (self._tokens / token).touch()
            time.sleep(0)
            middle = len(records) // 2
            if fault != "token":
                self._add_part(segment_id, records[:middle])
            if fault in {"", "lost"}:
                self._add_part(segment_id, records[middle:])
        if fault == "killed":
            raise KilledError
        if fault:
            raise StoreUnavailableError("The answer got lost.")

    def dry_run(self, signal: str, payload: bytes) -> None:
        with self._lock:
            self.calls.append(("dry_run",))
            if not self.is_opaque:
                self._check(whole(payload))

    def stored_items(self, signal: str, segment_id: str) -> int:
        with self._lock:
            return sum(len(json.loads(part.read_text())) for part in self._parts.glob(f"{segment_id}.*"))

    def discard(self, signal: str, segment_id: str) -> None:
        with self._lock:
            self.calls.append(("discard", segment_id))
            for part in self._parts.glob(f"{segment_id}.*"):
                part.unlink()

    def rows(self) -> Counter[str]:
        """Count the rows by name."""
        with self._lock:
            return Counter(
                name for part in self._parts.glob("*.part") for name in json.loads(part.read_text())
            )

    def inserts(self) -> list[tuple[str, str]]:
        """Return segment id and token of each insert."""
        return [(call[1], call[2]) for call in self.calls if call[0] == "insert"]

    def _check(self, records: list[Record]) -> None:
        for record in records:
            if self.is_picky and record.request[:3] == b"bad":
                raise RefusedSegmentError(f"Cannot parse '{name_of(record.request)}'.")

    def _add_part(self, segment_id: str, records: list[Record]) -> None:
        rows = [name for record in records for name in rows_of(record)]
        written = self._parts / f"{uuid4().hex}.new"
        written.write_text(json.dumps(rows))
        written.rename(self._parts / f"{segment_id}.{uuid4().hex}.part")


def whole(payload: bytes) -> list[Record]:
    """Read a payload that must have no torn tail."""
    records, valid_bytes = read_records(payload)
    assert valid_bytes == len(payload)
    return records


def rows_of(record: Record) -> list[str]:
    name, items, _ = bytes(record.request).split(b":", 2)
    return [name.decode()] * int(items)
