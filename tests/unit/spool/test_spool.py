import asyncio
import errno
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from watchkeeper_collector.errors import ConfigurationError, OverloadedError, SpoolFullError
from watchkeeper_collector.spool import Spool, committer
from watchkeeper_collector.spool.record import Record, read_records
from watchkeeper_collector.spool.segment import find_segments

from tests.unit.spool.driving import Clock, HandDriven, disk_fault, make_spool, running, until
from tests.unit.spool.engine import Engine, body_of, name_of

NEVER_S = 3600.0


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path / "store")


def by_hand(tmp_path: Path, engine: Engine, **settings: Any) -> HandDriven:
    return HandDriven(tmp_path / "spool", engine, **settings)


def records_in(directory: Path) -> list[Record]:
    """Read what is in the segment files of a spool folder."""
    payloads = [segment.read().payload() for segment in find_segments(directory / "segments")]
    return [record for payload in payloads for record in read_records(payload)[0]]


def names_in(directory: Path) -> list[str]:
    return [name_of(record.request) for record in records_in(directory)]


async def append(spool: Spool, *names: str, signal: str = "traces") -> list[bool]:
    return await asyncio.gather(*(spool.append(signal, "p", "k", body_of(name), 1) for name in names))


def test_an_appended_request_is_in_a_segment_file_on_return(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path, segment_age_s=NEVER_S) as spool:
            assert await spool.append("traces", "shop", "key-1", b"the request", 3) is True
            (record,) = records_in(tmp_path)
            assert (record.project, record.api_key_id, bytes(record.request)) == (
                "shop",
                "key-1",
                b"the request",
            )
            (segment,) = find_segments(tmp_path / "segments")
            assert record.segment_id == segment.id
            assert segment.read().items == 3

    asyncio.run(scenario())


def test_requests_that_wait_together_share_an_fsync(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path, segment_age_s=NEVER_S) as spool:
            await append(spool, *(f"n{number}" for number in range(500)))
            assert spool.stats().appended_records == 500
            assert spool.stats().commits < 100

    asyncio.run(scenario())
    assert sorted(names_in(tmp_path)) == sorted(f"n{number}" for number in range(500))


def test_appends_from_several_event_loops_are_answered_on_their_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as spool:
            others = [asyncio.to_thread(asyncio.run, append(spool, f"t{number}")) for number in range(4)]
            assert await asyncio.gather(*others, append(spool, "own")) == [[True]] * 5

    asyncio.run(scenario())


def test_a_sender_that_goes_away_disturbs_nobody(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as spool:
            gone = asyncio.create_task(append(spool, "gone"))
            await asyncio.sleep(0)
            gone.cancel()
            assert await append(spool, "stays") == [True]

    asyncio.run(scenario())


def test_a_sender_whose_event_loop_was_closed_disturbs_nobody(tmp_path: Path) -> None:
    spool = make_spool(tmp_path)
    spool.start()

    async def leave() -> None:
        asyncio.ensure_future(append(spool, "left")).cancel()

    asyncio.run(leave())
    assert asyncio.run(append(spool, "stays")) == [True]
    asyncio.run(spool.close())
    spool.release()


# --- segments ---------------------------------------------------------------------------------


def test_a_segment_is_closed_at_its_age(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path, segment_age_s=0.01) as spool:
            await append(spool, "a")
            await until(lambda: len(spool.backlog) == 1)

    asyncio.run(scenario())


def test_a_segment_is_closed_before_it_outgrows_its_size(tmp_path: Path, engine: Engine) -> None:
    hand = by_hand(tmp_path, engine, segment_bytes=1000)
    hand.append([body_of(f"n{number}", size=300) for number in range(7)])
    hand.close_segments()
    sizes = [segment.size_bytes for segment in find_segments(tmp_path / "spool/segments")]
    assert len(sizes) == 4
    assert max(sizes) <= 1000


def test_a_request_larger_than_a_segment_gets_one_of_its_own(tmp_path: Path, engine: Engine) -> None:
    hand = by_hand(tmp_path, engine, segment_bytes=1000)
    assert hand.append([body_of("small"), body_of("large", size=5000), body_of("other")]) == [True] * 3
    hand.deliver_all()
    assert engine.rows() == {"small": 1, "large": 1, "other": 1}
    assert len(engine.inserts()) == 3


def test_signals_never_share_a_segment(tmp_path: Path, engine: Engine) -> None:
    hand = by_hand(tmp_path, engine)
    hand.append([body_of("a")], signal="traces")
    hand.append([body_of("b")], signal="logs")
    hand.append([body_of("c")], signal="metrics")
    hand.close_segments()
    assert {s.signal for s in find_segments(tmp_path / "spool/segments")} == {"traces", "logs", "metrics"}


def test_an_outage_makes_large_segments_instead_of_many(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path, segment_age_s=0.001) as spool:
            for number in range(30):
                await append(spool, f"n{number}")
                await asyncio.sleep(0.003)
            assert len(spool.backlog) <= 2

    asyncio.run(scenario())


# --- retries ----------------------------------------------------------------------------------


def test_an_identical_body_within_the_window_is_stored_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as spool:
            assert await append(spool, "a") == [True]
            assert await append(spool, "a") == [False]
            assert spool.stats().duplicates == 1

    asyncio.run(scenario())
    assert names_in(tmp_path) == ["a"]


def test_identical_bodies_in_one_commit_are_stored_once(tmp_path: Path, engine: Engine) -> None:
    hand = by_hand(tmp_path, engine)
    assert hand.append([body_of("a"), body_of("b"), body_of("a")]) == [True, True, False]


def test_an_identical_body_shares_the_fate_of_the_first_in_its_commit(tmp_path: Path, engine: Engine) -> None:
    hand = by_hand(tmp_path, engine)
    with disk_fault(1, OSError(errno.EIO, "I/O error"), calls=1):
        first, second = hand.append([body_of("a"), body_of("a")])
    assert isinstance(first, OverloadedError)
    assert isinstance(second, OverloadedError)


def test_the_same_body_of_another_project_or_signal_is_another_request(
    tmp_path: Path, engine: Engine
) -> None:
    hand = by_hand(tmp_path, engine)
    body = body_of("a")
    requests = [hand.request(body), hand.request(body, project="q"), hand.request(body, signal="logs")]
    assert hand.commit(requests) == [True] * 3


def test_after_the_window_an_identical_body_is_new(tmp_path: Path, engine: Engine) -> None:
    clock = Clock()
    hand = by_hand(tmp_path, engine, clock=clock)
    assert hand.append([body_of("a")]) == [True]
    clock.advance(599)
    assert hand.append([body_of("a")]) == [False]
    clock.advance(2)
    assert hand.append([body_of("a")]) == [True]


def test_with_a_window_of_zero_every_body_is_new(tmp_path: Path, engine: Engine) -> None:
    hand = by_hand(tmp_path, engine, retry_window_s=0)
    assert hand.append([body_of("a"), body_of("a")]) == [True, True]
    assert hand.append([body_of("a")]) == [True]


@pytest.mark.parametrize("is_delivered", [False, True])
def test_a_retry_is_recognised_after_a_kill(tmp_path: Path, engine: Engine, is_delivered: bool) -> None:
    hand = by_hand(tmp_path, engine)
    hand.append([body_of("a")])
    if is_delivered:
        hand.deliver_all()
    hand.die()
    hand = by_hand(tmp_path, engine)
    assert hand.append([body_of("a"), body_of("b")]) == [False, True]
    hand.deliver_all()
    assert engine.rows() == {"a": 1, "b": 1}


def test_a_retry_is_recognised_after_its_request_became_a_dead_letter(tmp_path: Path, engine: Engine) -> None:
    hand = by_hand(tmp_path, engine)
    hand.append([body_of("bad")])
    hand.deliver_all()
    hand.die()
    assert by_hand(tmp_path, engine).append([body_of("bad")]) == [False]


def test_a_start_does_not_read_segments_older_than_the_window(tmp_path: Path, engine: Engine) -> None:
    clock = Clock()
    hand = by_hand(tmp_path, engine, clock=clock)
    for name in ("oldest", "old"):
        hand.append([body_of(name)])
        hand.close_segments()
        clock.advance(400)
    hand.die()
    hand = by_hand(tmp_path, engine, clock=clock)
    assert len(hand.spool._seen) == 2  # "oldest" may hold records almost as young as "old"
    hand.die()
    clock.advance(250)
    assert hand.spool._clock is clock
    assert len(by_hand(tmp_path, engine, clock=clock).spool._seen) == 1


# --- quota and faults of the disk ---------------------------------------------------------------


def test_over_the_quota_a_sender_is_told_when_to_come_back(tmp_path: Path, engine: Engine) -> None:
    hand = by_hand(tmp_path, engine, quota_bytes=1000)
    first, second = hand.append([body_of("a", size=600), body_of("b", size=600)])
    assert first is True
    assert isinstance(second, SpoolFullError)
    assert second.retry_after_s > 0
    assert hand.spool.stats().over_quota == 1


def test_the_last_of_a_disk_is_not_taken(tmp_path: Path, engine: Engine) -> None:
    hand = by_hand(tmp_path, engine, reserve_bytes=1 << 60)
    (refused,) = hand.append([body_of("a")])
    assert isinstance(refused, SpoolFullError)
    assert "disk_reserve_bytes" in refused.message
    stats = hand.spool.stats()
    assert (stats.short_of_disk, stats.over_quota, stats.appended_records) == (1, 0, 0)


def test_a_retry_of_what_is_safe_is_answered_over_the_quota_too(tmp_path: Path, engine: Engine) -> None:
    hand = by_hand(tmp_path, engine, quota_bytes=1000)
    assert hand.append([body_of("a", size=800)]) == [True]
    assert hand.append([body_of("a", size=800)]) == [False]


def test_the_quota_is_free_again_once_the_store_has_the_data(tmp_path: Path, engine: Engine) -> None:
    hand = by_hand(tmp_path, engine, quota_bytes=1000)
    hand.append([body_of("a", size=600)])
    hand.deliver_all()
    assert hand.append([body_of("b", size=600)]) == [True]


def test_dead_letters_and_leftovers_count_towards_the_quota(tmp_path: Path, engine: Engine) -> None:
    hand = by_hand(tmp_path, engine, quota_bytes=2500)
    hand.append([body_of("bad", size=1000)])
    hand.deliver_all()
    hand.append([body_of("a", size=1000)])
    hand.die()
    (outcome,) = by_hand(tmp_path, engine, quota_bytes=2500).append([body_of("b", size=1000)])
    assert isinstance(outcome, SpoolFullError)


@pytest.mark.parametrize("at_call", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("code", "expected"),
    [(errno.ENOSPC, SpoolFullError), (errno.EFBIG, SpoolFullError), (errno.EIO, OverloadedError)],
)
def test_a_fault_of_the_disk_loses_nothing_acknowledged(
    tmp_path: Path, engine: Engine, at_call: int, code: int, expected: type[OverloadedError]
) -> None:
    hand = by_hand(tmp_path, engine, segment_bytes=500)
    assert hand.append([body_of("before")]) == [True]
    bodies = [body_of("a", size=300), body_of("b", size=300), body_of("c", size=300)]
    with disk_fault(at_call, OSError(code, "fault")):
        outcomes = hand.append(bodies)
    assert {type(outcome) for outcome in outcomes} - {bool} <= {expected}
    assert not all(outcome is True for outcome in outcomes)
    assert hand.append(bodies) == [outcome is not True for outcome in outcomes]
    hand.deliver_all()
    assert engine.rows() == {"before": 1, "a": 1, "b": 1, "c": 1}


def test_while_the_disk_fails_nothing_is_acknowledged_and_then_all_goes_on(
    tmp_path: Path, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    hand = by_hand(tmp_path, engine)
    hand.append([body_of("before")])
    with disk_fault(1, OSError(errno.EIO, "I/O error"), calls=100):
        for _ in range(3):
            assert isinstance(hand.append([body_of("a")])[0], OverloadedError)
        hand.close_segments()
        assert len(hand.spool.backlog) == 0
    assert "cannot be cut" in caplog.text
    assert hand.append([body_of("a")]) == [True]
    hand.deliver_all()
    assert engine.rows() == {"before": 1, "a": 1}
    assert hand.spool.stats().disk_errors == 3


def test_what_a_failed_write_left_does_not_come_back_after_a_kill(tmp_path: Path, engine: Engine) -> None:
    hand = by_hand(tmp_path, engine)
    with disk_fault(3, OSError(errno.EIO, "I/O error")):  # the fsync, when all is written
        assert isinstance(hand.append([body_of("a")])[0], OverloadedError)
    assert hand.append([body_of("a")]) == [True]
    hand.die()
    hand = by_hand(tmp_path, engine)
    hand.deliver_all()
    assert engine.rows() == {"a": 1}


def test_a_limit_of_the_operating_system_is_a_full_disk(tmp_path: Path) -> None:
    """The kernel itself refuses to let the file grow."""
    code = """
import asyncio, resource, sys
from pathlib import Path
from tests.unit.spool.driving import make_spool
from watchkeeper_collector.errors import SpoolFullError
async def main():
    spool = make_spool(Path(sys.argv[1]), segment_age_s=3600)
    spool.start()
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
    assert await spool.append("traces", "p", "k", b"a" * 2000, 1)
    try:
        await spool.append("traces", "p", "k", b"b" * 2000, 1)
    except SpoolFullError as error:
        print("full", error.retry_after_s > 0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print("stored", await spool.append("traces", "p", "k", b"b" * 2000, 1))
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split("\n") == ["full True", "stored True", ""]
    assert [bytes(record.request[:1]) for record in records_in(tmp_path)] == [b"a", b"b"]


def test_more_than_memory_should_hold_is_refused_while_the_disk_is_slow(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as spool:
            with patch.object(committer, "MOST_WAITING_BYTES", 100):
                answers = await asyncio.gather(
                    *(spool.append("traces", "p", "k", body_of(f"n{n}", size=60), 1) for n in range(9)),
                    return_exceptions=True,
                )
        assert answers[0] is True
        assert {type(answer) for answer in answers} == {bool, OverloadedError}

    asyncio.run(scenario())


def test_a_fault_of_ours_leaves_no_sender_waiting(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as spool:
            with (
                patch.object(spool._lanes["traces"], "store", side_effect=RuntimeError("a bug")),
                pytest.raises(OverloadedError),
            ):
                await append(spool, "a")
            assert await append(spool, "a") == [True]

    asyncio.run(scenario())
    assert "a bug" in caplog.text


# --- life ---------------------------------------------------------------------------------------


def test_a_spool_that_is_not_open_refuses_in_a_way_that_clients_retry(tmp_path: Path) -> None:
    async def scenario() -> None:
        spool = make_spool(tmp_path)
        with pytest.raises(OverloadedError):
            await append(spool, "early")
        spool.start()
        await spool.close()
        with pytest.raises(OverloadedError):
            await append(spool, "late")
        spool.release()

    asyncio.run(scenario())


def test_closing_commits_what_waits(tmp_path: Path) -> None:
    async def scenario() -> list[bool]:
        async with running(tmp_path) as spool:
            names = [f"n{number}" for number in range(50)]
            waiting = [asyncio.create_task(append(spool, name)) for name in names]
            for _ in range(2):  # gather makes a task of its own
                await asyncio.sleep(0)
        return [answer for answers in await asyncio.gather(*waiting) for answer in answers]

    assert asyncio.run(scenario()) == [True] * 50
    assert len(names_in(tmp_path)) == 50


def test_only_one_may_own_the_folder(tmp_path: Path) -> None:
    first, second = make_spool(tmp_path), make_spool(tmp_path)
    first.open()
    with pytest.raises(ConfigurationError, match=str(tmp_path)):
        second.open()
    first.release()
    second.open()
    second.release()


def test_only_the_owner_can_look_into_the_folder(tmp_path: Path) -> None:
    spool = make_spool(tmp_path / "new" / "spool")
    spool.open()
    spool.release()
    folders = [tmp_path / "new" / "spool", *(p for p in (tmp_path / "new" / "spool").iterdir() if p.is_dir())]
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_a_file_left_unfinished_by_a_kill_is_removed(tmp_path: Path) -> None:
    make_spool(tmp_path).open()
    (tmp_path / "segments" / "x.traces.unfinished").touch()
    (tmp_path / "dead-letters" / "x.letter.unfinished").touch()
    spool = make_spool(tmp_path)
    with patch("watchkeeper_collector.spool.files.lock_directory", return_value=None):
        spool.open()
    assert not list(tmp_path.glob("*/*.unfinished"))


def test_lag_is_of_the_oldest_data_of_a_signal(tmp_path: Path, engine: Engine) -> None:
    clock = Clock()
    hand = by_hand(tmp_path, engine, clock=clock)
    assert hand.spool.lag_s("traces") == hand.spool.lag_s("logs") == 0
    hand.append([body_of("a")])
    clock.advance(7)
    assert 7 < hand.spool.lag_s("traces") < 7.1, "of the segment that is open still"
    hand.close_segments()
    clock.advance(1)
    hand.append([body_of("b")], signal="logs")
    hand.append([body_of("c")])
    clock.advance(1)
    assert 9 < hand.spool.lag_s("traces") < 9.1
    assert 1 < hand.spool.lag_s("logs") < 1.1


def test_stats_tell_what_waits(tmp_path: Path, engine: Engine) -> None:
    clock = Clock()
    hand = by_hand(tmp_path, engine, clock=clock)
    assert hand.spool.stats().oldest_age_s == 0
    hand.append([body_of("a", 3)], items=3)
    hand.close_segments()
    hand.append([body_of("b")], signal="logs")
    clock.advance(7)
    stats = hand.spool.stats()
    assert (stats.segments, stats.appended_records, stats.appended_items) == (2, 2, 4)
    assert stats.size_bytes == stats.appended_bytes > 0
    assert 7 < stats.oldest_age_s < 7.1
    hand.deliver_all()
    stats = hand.spool.stats()
    assert (stats.segments, stats.size_bytes, stats.drained_segments, stats.drained_items) == (0, 0, 2, 4)


def test_bodies_never_reach_the_log(tmp_path: Path, engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    hand = by_hand(tmp_path, engine)
    with disk_fault(1, OSError(errno.EIO, "I/O error")):
        hand.append([body_of("secret")])
    assert caplog.text
    assert "secret" not in caplog.text
