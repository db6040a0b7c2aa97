"""With keys nothing of a request is readable in the spool's folder, and everything goes on as without."""

from pathlib import Path

import pytest
from watchkeeper_collector.errors import SealedError
from watchkeeper_collector.sealing import KeyChain
from watchkeeper_collector.spool.segment import find_segments

from tests.unit.spool.driving import HandDriven
from tests.unit.spool.engine import Engine, body_of

OLD = KeyChain({1: b"o" * 32}, 1)
BOTH = KeyChain({1: b"o" * 32, 2: b"n" * 32}, 2)
CANARY = b"canary-7f3a"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path / "store")


def bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_sealed_segment_is_unreadable_and_reaches_the_store(tmp_path: Path, engine: Engine) -> None:
    hand = HandDriven(tmp_path / "spool", engine, chain=OLD)
    assert hand.append([body_of(CANARY.decode()), body_of("other", 2)]) == [True, True]
    assert CANARY not in bytes_below(tmp_path / "spool")
    hand.deliver_all()
    assert engine.rows() == {CANARY.decode(): 1, "other": 2}
    assert find_segments(tmp_path / "spool/segments") == []


def test_what_was_written_before_the_keys_and_under_an_older_key_is_delivered(
    tmp_path: Path, engine: Engine
) -> None:
    for number, chain in enumerate((None, OLD, BOTH)):
        hand = HandDriven(tmp_path / "spool", engine, chain=chain)
        hand.append([body_of(f"n{number}")])
        hand.die()
    HandDriven(tmp_path / "spool", engine, chain=BOTH).deliver_all()
    assert engine.rows() == {"n0": 1, "n1": 1, "n2": 1}


def test_without_its_key_a_segment_waits(tmp_path: Path, engine: Engine) -> None:
    hand = HandDriven(tmp_path / "spool", engine, chain=BOTH)
    hand.append([body_of("n")])
    hand.die()
    for chain in (None, OLD):
        hand = HandDriven(tmp_path / "spool", engine, chain=chain)
        hand.deliver()
        assert "the encryption key '2'" in hand.spool.stats().last_failure
        hand.die()
    HandDriven(tmp_path / "spool", engine, chain=BOTH).deliver_all()
    assert engine.rows() == {"n": 1}


def test_a_retry_is_recognised_across_the_change_of_a_key(tmp_path: Path, engine: Engine) -> None:
    hand = HandDriven(tmp_path / "spool", engine, chain=OLD)
    hand.append([body_of("n")])
    hand.die()
    hand = HandDriven(tmp_path / "spool", engine, chain=BOTH)
    assert hand.append([body_of("n")]) == [False]


def test_a_torn_sealed_segment_gives_its_whole_records(tmp_path: Path, engine: Engine) -> None:
    hand = HandDriven(tmp_path / "spool", engine, chain=OLD)
    hand.append([body_of("a"), body_of("b")])
    hand.die()
    (segment,) = find_segments(tmp_path / "spool/segments")
    segment.path.write_bytes(segment.path.read_bytes()[:-3])
    HandDriven(tmp_path / "spool", engine, chain=OLD).deliver_all()
    assert engine.rows() == {"a": 1}


def test_a_dead_letter_is_sealed_with_its_reason_and_replayed(tmp_path: Path, engine: Engine) -> None:
    hand = HandDriven(tmp_path / "spool", engine, chain=OLD)
    hand.append([body_of("bad" + CANARY.decode()), body_of("good")])
    hand.deliver_all()
    letters = hand.spool.dead_letters
    (letter,) = letters.list()
    assert CANARY not in bytes_below(tmp_path / "spool")
    assert letter.reason.encode() not in bytes_below(tmp_path / "spool")
    assert letters.read(letter.id)[1] == body_of("bad" + CANARY.decode())
    hand.die()
    with pytest.raises(SealedError, match="Put it back"):
        HandDriven(tmp_path / "spool", engine).spool.dead_letters.read(letter.id)
    engine.is_picky = False
    hand = HandDriven(tmp_path / "other", engine, chain=OLD)
    hand.spool.dead_letters.keep(*letters.read(letter.id))
    hand.replay(letter.id)
    hand.deliver_all()
    assert engine.rows() == {"bad" + CANARY.decode(): 1, "good": 1}
