"""Erasures, wired: the worker's sight of the spool's folder, of the store and of the state store."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from watchkeeper_collector.erasure.subject import SESSION, USER, Report
from watchkeeper_collector.erasure.tables import ErasureTables
from watchkeeper_collector.erasure.targets import Finder
from watchkeeper_collector.erasure.worker import ErasureWorker
from watchkeeper_collector.errors import NotFoundError
from watchkeeper_collector.otlp.erasing import without_name
from watchkeeper_collector.rollup.marks import Extent
from watchkeeper_collector.spool import DeadLetters, Spool
from watchkeeper_collector.state.state import State
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.conventions.data import load
from watchkeeper_collector.store.layout import Layout

LETTERS_AT_ONCE = 100
NS_PER_S = 1_000_000_000


class SpoolFolder:
    """``erasure.worker.Folder`` over a spool."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def is_drained_of(self, until_ns: int) -> bool:
        return self._spool.is_drained_of(until_ns)

    def remove_name(self, project: str, name: str) -> Mapping[str, int]:
        report, before = Report(), None
        letters = self._spool.dead_letters
        while found := letters.list(limit=LETTERS_AT_ONCE, before=before, project=project):
            for letter in found:
                with suppress(NotFoundError):  # replayed or removed meanwhile
                    _clean(letters, letter.id, name, report)
            before = found[-1].id
        return report


def _clean(letters: DeadLetters, letter_id: str, name: str, report: Report) -> None:
    letter, body = letters.read(letter_id)
    rest, removed = without_name(letter.signal, body, name)
    is_named = name in letter.reason
    if not rest and removed:
        letters.remove(letter_id)
        report.removed("dead letters", 1)
    elif removed or is_named:
        reason = letter.reason.replace(name, "[erased]")
        items = max(0, letter.items - removed)
        letters.keep(replace(letter, reason=reason, items=items, body_bytes=len(rest)), rest)
        report.edited("dead letters", 1)


def build_erasure(
    store: Store,
    layout: Layout,
    spool: Spool,
    state: State,
    *,
    mark: Callable[[Sequence[Extent]], None],
    may_run: Callable[[], bool],
) -> ErasureWorker:
    """``mark`` is told which hours' roll-ups are outdated."""
    tables = ErasureTables(store, layout.database, layout.cluster)
    columns = load("columns")
    finders = {
        kind: Finder(tables, tuple(columns[column]["sources"]))
        for kind, column in ((USER, "user_id"), (SESSION, "session_id"))
    }

    def touch(project: str, hours: Sequence[int]) -> None:
        mark([(project, hour_s * NS_PER_S, hour_s * NS_PER_S) for hour_s in hours])

    return ErasureWorker(
        state.erasures,
        finders,
        SpoolFolder(spool),
        collector=state.holder,
        touch=touch,
        may_run=may_run,
    )
