"""Whether a chain of the audit is as it was written."""

from collections.abc import Iterable
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
    number, last, is_noted_seen = 0, GENESIS, noted is None or noted.number == 0
    for entry in chain:
        problem = _problem(entry, project, number + 1, last)
        if problem:
            return Proof(project, number, last, problem)
        number, last = entry.number, entry.hash
        if noted is not None and number == noted.number:
            if last != noted.hash:
                return Proof(project, number, last, f"Entry {number} is another one than was noted.")
            is_noted_seen = True
    if head is not None and (head.number, head.hash) != (number, last):
        return Proof(project, number, last, f"The chain ends at entry {number}, its head is {head.number}.")
    if head is None and number:
        return Proof(project, number, last, "The head of the chain is gone.")
    if noted is not None and not is_noted_seen:
        return Proof(project, number, last, f"Entry {noted.number}, which was noted, is gone.")
    return Proof(project, number, last)


def _problem(entry: Entry, project: str, number: int, previous: str) -> str:
    if entry.number != number:
        return f"Entry {number} is missing: after {number - 1} comes {entry.number}."
    if entry.project != project:
        return f"Entry {number} is of another project."
    facts = {name: value for name, value in asdict(entry).items() if name != "hash"}
    if hash_entry(previous, facts) != entry.hash:
        return f"Entry {number} is not as it was written: its hash does not fit."
    return ""
