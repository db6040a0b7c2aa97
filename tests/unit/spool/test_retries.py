import errno
from pathlib import Path

import pytest
from watchkeeper_collector.spool.frame import Frame
from watchkeeper_collector.spool.retries import RetryJournal, RetryWindow, read_entries
from watchkeeper_collector.spool.segment import SegmentIds

from tests.unit.spool.driving import disk_fault

WINDOW_NS = 1000


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def frame(received_ns: int, number: int | None = None) -> Frame:
    return Frame(0, 1, received_ns, key(received_ns if number is None else number), 0, 0)


def journal(directory: Path) -> RetryJournal:
    return RetryJournal(directory, WINDOW_NS, SegmentIds(lambda: 1))


def test_a_fingerprint_is_known_until_the_window_is_over() -> None:
    seen = RetryWindow(WINDOW_NS)
    seen.add(100, key(1))
    assert seen.knows(key(1), 1099)
    assert not seen.knows(key(1), 1100)
    assert not seen.knows(key(2), 100)


def test_a_clock_that_was_set_back_far_forgets() -> None:
    seen = RetryWindow(WINDOW_NS)
    seen.add(10_000, key(1))
    assert seen.knows(key(1), 9_500)
    assert not seen.knows(key(1), 5_000)


def test_fingerprints_beyond_the_window_use_no_memory() -> None:
    seen = RetryWindow(WINDOW_NS)
    for received_ns in range(0, 100_000, 100):
        seen.add(received_ns, key(received_ns))
    assert len(seen) == 10


def test_the_oldest_fingerprints_make_room_when_there_are_too_many() -> None:
    seen = RetryWindow(WINDOW_NS, most=3)
    for number in range(5):
        seen.add(number, key(number))
    assert [seen.knows(key(number), 5) for number in range(5)] == [False, False, True, True, True]


def test_a_window_of_zero_recognises_nothing() -> None:
    seen = RetryWindow(0)
    seen.add(1, key(1))
    assert seen.is_off
    assert not seen.knows(key(1), 1)


def test_a_journal_is_read_back_by_the_next_process(tmp_path: Path) -> None:
    journal(tmp_path).keep([frame(10), frame(11)], 12)
    journal(tmp_path).keep([frame(13)], 14)
    assert sorted(journal(tmp_path).load(20)) == [(10, key(10)), (11, key(11)), (13, key(13))]


def test_a_torn_journal_is_read_up_to_the_tear(tmp_path: Path) -> None:
    journal(tmp_path).keep([frame(10), frame(11)], 12)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    assert journal(tmp_path).load(20) == [(10, key(10))]


def test_a_damaged_entry_ends_a_journal_file(tmp_path: Path) -> None:
    journal(tmp_path).keep([frame(10), frame(11)], 12)
    (path,) = tmp_path.iterdir()
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    assert read_entries(bytes(data)) == []


def test_fingerprints_beyond_the_window_are_not_written(tmp_path: Path) -> None:
    journal(tmp_path).keep([frame(10)], 2000)
    assert list(tmp_path.iterdir()) == []


def test_journal_files_beyond_the_window_are_removed(tmp_path: Path) -> None:
    writing = journal(tmp_path)
    for now_ns in range(0, 10_000, 50):
        writing.keep([frame(now_ns)], now_ns)
    assert len(list(tmp_path.iterdir())) <= 6
    journal(tmp_path).load(50_000)
    assert list(tmp_path.iterdir()) == []


def test_after_a_failed_write_the_journal_goes_on_in_another_file(tmp_path: Path) -> None:
    writing = journal(tmp_path)
    writing.keep([frame(10)], 12)
    with disk_fault(1, OSError(errno.EIO, "I/O error")), pytest.raises(OSError, match="I/O error"):
        writing.keep([frame(11)], 12)
    writing.keep([frame(13)], 14)
    assert {(10, key(10)), (13, key(13))} <= set(journal(tmp_path).load(20))
