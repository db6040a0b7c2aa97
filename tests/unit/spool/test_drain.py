import asyncio
import errno
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from watchkeeper_collector.errors import StoreUnavailableError
from watchkeeper_collector.spool import delivery
from watchkeeper_collector.spool.segment import find_segments

from tests.unit.spool.driving import HandDriven, disk_fault, draining, running, until
from tests.unit.spool.engine import Engine, KilledError, body_of


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path / "store")


@pytest.fixture
def hand(tmp_path: Path, engine: Engine) -> HandDriven:
    return HandDriven(tmp_path / "spool", engine)


def again(hand: HandDriven, **settings: Any) -> HandDriven:
    """Kill the process and start another on the same folders."""
    hand.die()
    return HandDriven(hand.spool._directory, hand.engine, **settings)


def files_in(hand: HandDriven) -> list[str]:
    return [segment.id for segment in find_segments(hand.spool._directory / "segments")]


# --- with threads -------------------------------------------------------------------------------


def test_what_is_appended_reaches_the_store_and_leaves_no_file(tmp_path: Path, engine: Engine) -> None:
    async def scenario() -> None:
        async with running(tmp_path / "spool") as spool, draining(spool, engine):
            for signal in ("traces", "logs", "metrics"):
                await spool.append(signal, "p", "k", body_of(signal, 2), 2)
            await until(lambda: spool.stats().drained_segments == 3)

    asyncio.run(scenario())
    assert engine.rows() == {"traces": 2, "logs": 2, "metrics": 2}
    assert find_segments(tmp_path / "spool/segments") == []


def test_an_outage_delays_and_loses_nothing(tmp_path: Path, engine: Engine) -> None:
    async def scenario() -> None:
        engine.faults = ["away"] * 5
        async with running(tmp_path / "spool") as spool, draining(spool, engine):
            for number in range(10):
                await spool.append("traces", "p", "k", body_of(f"n{number}"), 1)
            await until(lambda: bool(spool.stats().last_failure))
            await until(lambda: spool.stats().appended_records == spool.stats().drained_items)
            assert spool.stats().drain_failures == 5
            assert spool.stats().last_failure == ""

    asyncio.run(scenario())
    assert engine.rows() == {f"n{number}": 1 for number in range(10)}


def test_a_signal_that_waits_does_not_hold_up_the_others(tmp_path: Path, engine: Engine) -> None:
    class WithoutTraces(Engine):
        def insert(self, signal: str, segment_id: str, payload: bytes, token: str) -> None:
            if signal == "traces":
                raise StoreUnavailableError("No traces today.")
            super().insert(signal, segment_id, payload, token)

    async def scenario() -> None:
        sink = WithoutTraces(tmp_path / "store")
        async with running(tmp_path / "spool") as spool, draining(spool, sink, workers=1):
            for signal in ("traces", "logs", "metrics"):
                await spool.append(signal, "p", "k", body_of(signal), 1)
            await until(lambda: sink.rows() == {"logs": 1, "metrics": 1})

    asyncio.run(scenario())


def test_the_doors_are_open_before_the_recovery_is_over(tmp_path: Path, engine: Engine) -> None:
    hand = HandDriven(tmp_path / "spool", engine)
    hand.append([body_of("left")])
    hand.die()

    async def scenario() -> None:
        engine.faults = ["away"] * 1000
        async with running(tmp_path / "spool") as spool, draining(spool, engine):
            await until(lambda: spool.stats().drain_failures > 0)
            assert await spool.append("traces", "p", "k", body_of("new"), 1)
            engine.faults = []
            await until(lambda: engine.rows() == {"left": 1, "new": 1})

    asyncio.run(scenario())


def test_closing_brings_the_rest_to_the_store(tmp_path: Path, engine: Engine) -> None:
    async def scenario() -> None:
        async with running(tmp_path / "spool", segment_age_s=3600) as spool, draining(spool, engine):
            await asyncio.gather(*(spool.append("traces", "p", "k", body_of(f"n{n}"), 1) for n in range(20)))
            assert not engine.rows()
            await spool.close()

    asyncio.run(scenario())
    assert engine.rows().total() == 20


def test_closing_does_not_wait_for_a_store_that_is_away(tmp_path: Path, engine: Engine) -> None:
    async def scenario() -> None:
        engine.faults = ["away"] * 1000
        async with running(tmp_path / "spool") as spool, draining(spool, engine, first_pause_s=60):
            await spool.append("traces", "p", "k", body_of("a"), 1)
            await until(lambda: spool.stats().drain_failures == 1)
            await spool.close()
        assert spool.stats().segments == 1

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_closing_tells_when_a_call_of_the_store_does_not_end(tmp_path: Path, engine: Engine) -> None:
    is_over = threading.Event()

    class Stuck(Engine):
        def insert(self, signal: str, segment_id: str, payload: bytes, token: str) -> None:
            is_over.wait(20)

    async def scenario() -> None:
        async with running(tmp_path / "spool") as spool, draining(spool, Stuck(tmp_path / "store")) as drain:
            await spool.append("traces", "p", "k", body_of("a"), 1)
            await spool.close()
            assert drain.close(0.05) is False
            is_over.set()

    asyncio.run(scenario())


# --- one step at a time -------------------------------------------------------------------------


def test_pauses_grow_up_to_a_limit(hand: HandDriven) -> None:
    pauses = [hand.drain._pause_s(failures) for failures in range(200)]
    assert 0.05 <= pauses[0] <= 0.1
    assert 0.4 <= pauses[3] <= 0.8
    assert all(15 <= pause <= 30 for pause in pauses[10:])


def test_segments_of_a_signal_arrive_in_order(hand: HandDriven, engine: Engine) -> None:
    engine.faults = ["", "away", "lost", "away"]
    for number in range(5):
        hand.append([body_of(f"n{number}")])
        hand.close_segments()
    order = files_in(hand)
    hand.deliver_all()
    assert list(dict.fromkeys(name for name, _ in engine.inserts())) == order


def test_a_first_insert_is_trusted_and_nothing_is_counted(hand: HandDriven, engine: Engine) -> None:
    hand.append([body_of("a")])
    hand.deliver_all()
    ((_, segment_id, token),) = engine.calls
    assert segment_id == token


@pytest.mark.parametrize("fault", ["away", "lost", "token", "half"])
def test_after_a_failed_insert_a_segment_is_there_once(hand: HandDriven, engine: Engine, fault: str) -> None:
    engine.faults = [fault]
    hand.append([body_of(f"n{number}", 3) for number in range(4)], items=3)
    hand.deliver_all()
    assert engine.rows() == {f"n{number}": 3 for number in range(4)}


def test_a_repeated_insert_goes_under_the_first_token(hand: HandDriven, engine: Engine) -> None:
    engine.faults = ["away", "away"]
    hand.append([body_of("a")])
    hand.deliver_all()
    assert len(set(engine.inserts())) == 1


@pytest.mark.parametrize("fault", ["away", "lost", "token", "half"])
def test_a_failed_insert_is_repaired_by_a_new_process(hand: HandDriven, engine: Engine, fault: str) -> None:
    engine.faults = [fault]
    hand.append([body_of(f"n{number}") for number in range(4)])
    hand.close_segments()
    hand.deliver()
    hand = again(hand)
    hand.deliver_all()
    assert engine.rows() == {f"n{number}": 1 for number in range(4)}
    assert files_in(hand) == []


def test_a_segment_that_is_stored_already_is_not_inserted_again(hand: HandDriven, engine: Engine) -> None:
    hand.append([body_of("a")])
    hand.close_segments()
    engine.faults = ["lost"]
    hand.deliver()
    hand = again(hand)
    engine.calls.clear()
    hand.deliver_all()
    assert engine.calls == []
    assert files_in(hand) == []


def test_a_half_written_segment_is_discarded_and_stored_under_a_new_token(
    hand: HandDriven, engine: Engine
) -> None:
    hand.append([body_of("a"), body_of("b")])
    hand.close_segments()
    (segment_id,) = files_in(hand)
    engine.faults = ["half"]
    hand.deliver()
    hand.deliver()
    (first, _), (second, _), (third, token) = engine.inserts()
    assert {first, second, third} == {segment_id}
    assert token.startswith(f"{segment_id}#")
    assert ("discard", segment_id) in engine.calls


def test_a_kill_in_the_repair_is_repaired_too(hand: HandDriven, engine: Engine) -> None:
    hand.append([body_of("a"), body_of("b")])
    hand.close_segments()
    for faults in (["half"], ["", "killed"], ["", "killed"]):
        engine.faults = faults
        with suppress(KilledError):
            hand.deliver()
        hand = again(hand)
    hand.deliver_all()
    assert engine.rows() == {"a": 1, "b": 1}


def test_a_wrong_count_of_items_is_noted_and_does_not_go_on_forever(
    hand: HandDriven, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    hand.append([body_of("a", 3)], items=2)
    hand = again(hand)
    hand.deliver_all()
    assert engine.rows() == {"a": 3}
    assert hand.spool.stats().count_mismatches == 1
    assert "announced 2 items" in caplog.text


def test_a_torn_tail_is_cut_and_counted(hand: HandDriven, engine: Engine) -> None:
    hand.append([body_of("a"), body_of("b")])
    (segment,) = find_segments(hand.spool._directory / "segments")
    segment.path.write_bytes(segment.path.read_bytes()[:-3])
    hand = again(hand)
    hand.deliver_all()
    assert engine.rows() == {"a": 1}
    assert hand.spool.stats().torn_bytes > 0


def test_a_torn_request_is_not_taken_for_a_retry(hand: HandDriven, engine: Engine) -> None:
    hand.append([body_of("a")])
    (segment,) = find_segments(hand.spool._directory / "segments")
    segment.path.write_bytes(segment.path.read_bytes()[:-3])
    assert again(hand).append([body_of("a")]) == [True]


def test_an_unexpected_error_of_the_store_keeps_the_data(
    hand: HandDriven, engine: Engine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.append([body_of("a")])
    hand.close_segments()
    with monkeypatch.context() as broken:
        broken.setattr(engine, "insert", lambda *_: 1 / 0)
        hand.deliver()
    assert "ZeroDivisionError" in caplog.text
    assert hand.spool.stats().drain_failures == 1
    hand.deliver_all()
    assert engine.rows() == {"a": 1}


# --- refused ------------------------------------------------------------------------------------


def test_the_offender_becomes_a_dead_letter_and_the_rest_is_stored(hand: HandDriven, engine: Engine) -> None:
    names = [f"n{number}" for number in range(20)]
    names[13] = "bad"
    hand.append([body_of(name, 2) for name in names], items=2)
    hand.deliver_all()
    assert engine.rows() == {name: 2 for name in names if name != "bad"}
    (letter,) = hand.spool.dead_letters.list()
    assert (letter.signal, letter.project, letter.key_id, letter.items) == ("traces", "p", "k", 2)
    assert letter.reason == "Cannot parse 'bad'."
    assert hand.spool.dead_letters.read(letter.id)[1] == body_of("bad", 2)
    assert len(set(engine.inserts())) == 1
    assert hand.spool.stats().refused_records == 1


def test_offenders_are_found_in_few_dry_runs(hand: HandDriven, engine: Engine) -> None:
    hand.append([body_of("bad" if number == 700 else f"n{number}") for number in range(1024)])
    hand.deliver_all()
    assert engine.calls.count(("dry_run",)) <= 21


def test_a_segment_of_offenders_alone_becomes_dead_letters(hand: HandDriven, engine: Engine) -> None:
    hand.append([body_of(f"bad{number}") for number in range(5)])
    hand.deliver_all()
    assert not engine.rows()
    assert len(hand.spool.dead_letters) == 5
    assert files_in(hand) == []


def test_a_segment_refused_for_no_findable_record_is_tried_and_then_set_aside(
    hand: HandDriven, engine: Engine
) -> None:
    engine.is_opaque = True
    hand.append([body_of("a"), body_of("bad")])
    hand.deliver_all()
    assert len(engine.inserts()) == delivery.MOST_REFUSALS
    assert {hand.spool.dead_letters.read(letter.id)[1] for letter in hand.spool.dead_letters.list()} == {
        body_of("a"),
        body_of("bad"),
    }


def test_a_refusal_that_passes_makes_no_dead_letter(hand: HandDriven, engine: Engine) -> None:
    engine.is_opaque = True
    hand.append([body_of("a"), body_of("bad")])
    hand.close_segments()
    hand.deliver()
    engine.is_picky = False
    hand.deliver_all()
    assert engine.rows() == {"a": 1, "bad": 1}
    assert len(hand.spool.dead_letters) == 0


def test_rows_of_a_segment_that_is_then_refused_do_not_stay_beside_its_dead_letters(
    hand: HandDriven, engine: Engine
) -> None:
    engine.is_picky, engine.is_opaque, engine.faults = False, True, ["half"]
    hand.append([body_of("a"), body_of("bad")])
    hand.close_segments()
    hand.deliver()
    assert engine.rows() == {"a": 1}
    engine.is_picky = True
    hand.deliver_all()
    assert not engine.rows()
    assert len(hand.spool.dead_letters) == 2


def test_a_store_that_goes_away_in_the_search_is_waited_for(
    hand: HandDriven, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(signal: str, payload: bytes) -> None:
        raise StoreUnavailableError("The store is away.")

    hand.append([body_of("a"), body_of("bad")])
    hand.close_segments()
    with monkeypatch.context() as broken:
        broken.setattr(engine, "dry_run", away)
        hand.deliver()
    assert len(hand.spool.dead_letters) == 0
    hand.deliver_all()
    assert (engine.rows(), len(hand.spool.dead_letters)) == ({"a": 1}, 1)


@pytest.mark.parametrize("at_call", range(1, 14))
def test_a_kill_while_an_offender_is_set_aside_neither_loses_nor_doubles(
    hand: HandDriven, engine: Engine, at_call: int
) -> None:
    hand.append([body_of("a"), body_of("bad"), body_of("b")])
    hand.close_segments()
    try:
        with disk_fault(at_call, KilledError()):
            hand.deliver()
    except KilledError:
        hand = again(hand)
    engine.is_opaque = True  # were the record still in its segment, it could not be told apart again
    hand.deliver_all()
    stored = engine.rows()
    letters = [hand.spool.dead_letters.read(letter.id)[1] for letter in hand.spool.dead_letters.list()]
    assert stored["a"] + letters.count(body_of("a")) == 1
    assert stored["b"] + letters.count(body_of("b")) == 1
    assert letters.count(body_of("bad")) == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("at_call", range(1, 14))
def test_a_fault_of_the_disk_while_draining_neither_loses_nor_doubles(
    hand: HandDriven, engine: Engine, at_call: int, code: int
) -> None:
    hand.append([body_of("a"), body_of("bad"), body_of("b")])
    hand.close_segments()
    with disk_fault(at_call, OSError(code, "fault")):
        hand.deliver()
    hand.deliver_all()
    assert engine.rows() == {"a": 1, "b": 1}
    assert len(hand.spool.dead_letters) == 1
    hand = again(hand)
    assert hand.append([body_of("a"), body_of("bad"), body_of("b")]) == [False] * 3


def test_a_disk_without_room_for_the_journal_still_gets_free(
    hand: HandDriven, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    hand.append([body_of("a")])
    hand.close_segments()
    with disk_fault(1, OSError(errno.ENOSPC, "No space left on device"), calls=100):
        hand.deliver()
    assert files_in(hand) == []
    assert hand.append([body_of("a")]) == [False]
    assert hand.spool.stats().unsaved_fingerprints == 1
    assert "will not be recognised after a restart" in caplog.text
