"""Opening the store in the background."""

import logging
import threading

import pytest
from watchkeeper_collector.errors import ConfigurationError, StoreUnavailableError
from watchkeeper_collector.store import opening
from watchkeeper_collector.store.opening import OpenedStore, Opening

NOWHERE = "clickhouse://127.0.0.1:9/watchkeeper"


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "FIRST_PAUSE_S", 0.001)


class Migration:
    """Fails with each of the failures, then succeeds."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.attempts = 0

    def __call__(self) -> None:
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)


def test_it_is_tried_until_the_store_is_there_and_begun_once() -> None:
    migrate, begun = Migration(*(StoreUnavailableError("away") for _ in range(5))), threading.Semaphore(0)
    opened = Opening(migrate, begun.release)
    opened.start()
    assert begun.acquire(timeout=20)
    assert opened.close(20)
    assert (migrate.attempts, opened.problem) == (6, "")
    assert not begun.acquire(blocking=False)


def test_until_then_it_says_what_is_in_the_way() -> None:
    reached, proceed = threading.Event(), threading.Event()

    def migrate() -> None:
        reached.set()
        assert proceed.wait(20)
        raise ConfigurationError("A newer version wrote the store.")

    opened = Opening(migrate, lambda: None)
    with pytest.raises(StoreUnavailableError, match="being opened"):
        opened.check()
    opened.start()
    assert reached.wait(20)
    closing = threading.Thread(target=opened.close, args=(20,))
    closing.start()
    proceed.set()
    closing.join(20)
    with pytest.raises(StoreUnavailableError, match="not ready: A newer version"):
        opened.check()


def test_a_fault_of_ours_is_told_with_its_traceback_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    begun = threading.Event()
    opened = Opening(Migration(KeyError("column"), KeyError("column")), begun.set)
    with caplog.at_level(logging.WARNING):
        opened.start()
        assert begun.wait(20)
        opened.close(20)
    assert [record.exc_info is not None for record in caplog.records] == [True]


def test_nothing_begins_once_it_is_closed() -> None:
    begun: list[bool] = []
    opened = Opening(Migration(), lambda: begun.append(True))
    opened.close(0)
    opened.start()
    assert opened.close(20)
    assert begun == []


def test_questions_to_a_store_that_is_not_open_are_to_be_asked_again() -> None:
    opened = Opening(Migration(), lambda: None)
    store = OpenedStore(NOWHERE, opened, answer_timeout_s=5)
    with pytest.raises(StoreUnavailableError, match="being opened"):
        store.query("SELECT 1")
    opened.problem = ""
    with pytest.raises(StoreUnavailableError, match="refused"):
        store.query("SELECT 1")
