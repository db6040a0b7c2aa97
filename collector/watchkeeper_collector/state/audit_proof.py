"""Whether a chain of the audit is as it was written."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from watchkeeper_collector.state.audit import GENESIS, Entry, Head, hash_entry


@dataclass(frozen=True, slots=True)
class Proof:
    """``problem`` says at which entry something is wrong; empty: nothing is."""

    project: str
    entries: int
    last_hash: str
    problem: str = ""


def prove(project: str, chain: Iterable[Entry], head: Head | None, noted: Head | None = None) -> Proof:
    """Compute every hash anew. ``head`` is the store's word on where the chain ends, ``noted`` that of
    somebody who wrote it down before: a chain without that entry was cut or rewritten.
    """
    number, last, problem = 0, GENESIS, ""
    for entry in _readable(chain):
        problem = _entry_problem(entry, project, number, last) or _noted_problem(entry, noted)
        if problem or entry is None:
            break
        number, last = entry.number, entry.hash
    return Proof(project, number, last, problem or _end_problem(number, last, head, noted))


def _readable(chain: Iterable[Entry]) -> Iterator[Entry | None]:
    """The entries, and ``None`` where a value is none of its column's."""
    try:
        yield from chain
    except (ValueError, TypeError, OverflowError):
        yield None


def _entry_problem(entry: Entry | None, project: str, number: int, last: str) -> str:
    """What is wrong with the entry after the given one."""
    if entry is None:
        return f"What follows entry {number} can't be read."
    if entry.number != number + 1:
        return f"Entry {number + 1} is missing: after {number} comes {entry.number}."
    facts = {name: value for name, value in asdict(entry).items() if name != "hash"}
    if entry.project != project or hash_entry(last, facts) != entry.hash:
        return f"Entry {entry.number} is not as it was written: its hash does not fit."
    return ""


def _noted_problem(entry: Entry | None, noted: Head | None) -> str:
    if entry is None or noted is None or entry.number != noted.number or entry.hash == noted.hash:
        return ""
    return f"Entry {entry.number} is another one than was noted."


def _end_problem(number: int, last: str, head: Head | None, noted: Head | None) -> str:
    if head is None and number:
        return "The head of the chain is gone."
    if head is not None and (head.number, head.hash) != (number, last):
        return f"The chain ends at entry {number}, and its head says {head.number}."
    if noted is not None and noted.number > number:
        return f"The chain ends at entry {number}; entry {noted.number}, which was noted, is gone."
    return ""
