import threading
from pathlib import Path

from watchkeeper_collector.spool.backlog import Backlog
from watchkeeper_collector.spool.segment import Segment


def segment(name: str, signal: str = "traces") -> Segment:
    return Segment(name, signal, Path(name), 10)


def filled(*segments: Segment) -> Backlog:
    backlog = Backlog()
    for each in segments:
        backlog.add(each)
    return backlog


def test_the_oldest_segment_of_all_comes_first() -> None:
    backlog = filled(segment("2"), segment("3"), segment("1", "logs"))
    assert backlog.oldest() == segment("1", "logs")
    assert backlog.take() == segment("1", "logs")


def test_a_signal_has_two_segments_at_work_at_a_time() -> None:
    backlog = filled(segment("1"), segment("2"), segment("3"), segment("4", "logs"))
    assert [backlog.take(), backlog.take(), backlog.take()] == [
        segment("1"),
        segment("2"),
        segment("4", "logs"),
    ]
    backlog.finish()
    assert backlog.take() is None
    backlog.done(segment("2"))
    assert backlog.take() == segment("3")


def test_what_is_at_work_is_counted_and_the_oldest() -> None:
    backlog = filled(segment("1"), segment("2"))
    backlog.take()
    assert (len(backlog), backlog.waiting("traces"), backlog.oldest()) == (2, 2, segment("1"))


def test_a_postponed_segment_comes_first_again_and_its_signal_rests() -> None:
    backlog = filled(segment("1"), segment("2"), segment("3", "logs"))
    backlog.take()
    backlog.postpone(segment("1"), 3600, "away")
    assert backlog.take() == segment("3", "logs")
    assert (backlog.failures("traces"), backlog.last_failure) == (1, "away")
    backlog.finish()
    assert backlog.take() == segment("1")


def test_after_a_failure_one_segment_is_tried_at_a_time() -> None:
    backlog = filled(segment("1"), segment("2"))
    backlog.take()
    backlog.postpone(segment("1"), 0, "away")
    assert backlog.take() == segment("1")
    backlog.finish()
    assert backlog.take() is None
    backlog.done(segment("1"))
    assert backlog.take() == segment("2")


def test_a_rest_ends_by_itself() -> None:
    backlog = filled(segment("1"))
    backlog.take()
    backlog.postpone(segment("1"), 0.01, "away")
    assert backlog.take() == segment("1")


def test_success_forgets_the_failures() -> None:
    backlog = filled(segment("1"))
    backlog.take()
    backlog.postpone(segment("1"), 0, "away")
    backlog.take()
    backlog.done(segment("1"))
    assert (backlog.failures("traces"), backlog.last_failure, len(backlog), backlog.size_bytes) == (
        0,
        "",
        0,
        0,
    )


def test_finishing_tries_a_resting_segment_once_more() -> None:
    backlog = filled(segment("1"), segment("2"))
    backlog.take()
    backlog.postpone(segment("1"), 3600, "away")
    backlog.finish()
    assert backlog.take() == segment("1")
    backlog.postpone(segment("1"), 0, "away")
    assert backlog.take() is None


def test_stopping_hands_out_nothing_more() -> None:
    backlog = filled(segment("1"))
    backlog.stop()
    assert backlog.take() is None


def test_a_waiting_taker_gets_what_is_added() -> None:
    backlog, taken = Backlog(), []
    thread = threading.Thread(target=lambda: taken.append(backlog.take()))
    thread.start()
    backlog.add(segment("1"))
    thread.join(5)
    assert taken == [segment("1")]


def test_the_waiting_are_counted_by_signal() -> None:
    backlog = filled(segment("1"), segment("2"), segment("3", "logs"))
    assert (backlog.waiting("traces"), backlog.waiting("logs"), len(backlog), backlog.size_bytes) == (
        2,
        1,
        3,
        30,
    )
