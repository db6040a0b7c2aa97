import asyncio
from pathlib import Path

import pytest
from watchkeeper_collector.errors import NotFoundError, OverloadedError
from watchkeeper_collector.spool.dead_letters import LONGEST_REASON_CHARS, DeadLetter, DeadLetters
from watchkeeper_collector.spool.segment import SegmentIds

from tests.unit.spool.driving import HandDriven, draining, running, until
from tests.unit.spool.engine import Engine, body_of

ABSENT_ID = "0" * 16 + "-" + "0" * 8 + "-000000"
HOSTILE_IDS = [
    "",
    ".",
    "..",
    "../lock",
    "/etc/passwd",
    "x" * 300,
    f"{ABSENT_ID}/../x",
    f"{ABSENT_ID}\n",
    "\0",
]


@pytest.fixture
def letters(tmp_path: Path) -> DeadLetters:
    opened = DeadLetters(tmp_path / "dead-letters", SegmentIds(lambda: 1000))
    opened.open()
    return opened


def park(letters: DeadLetters, body: bytes = b"body", project: str = "p") -> DeadLetter:
    return letters.park("traces", project, "k", body, 3, received_ns=7, reason="refused")


def test_a_letter_is_read_back(letters: DeadLetters) -> None:
    letter = park(letters, b"line\nof bytes\n")
    assert letters.read(letter.id) == (letter, b"line\nof bytes\n")
    assert (letter.items, letter.body_bytes, letter.received_ns) == (3, 14, 7)


def test_a_letter_without_a_body_is_read_back(letters: DeadLetters) -> None:
    letter = park(letters, b"")
    assert letters.read(letter.id) == (letter, b"")


def test_letters_are_listed_by_page_and_the_newest_first(letters: DeadLetters) -> None:
    parked = [park(letters).id for _ in range(5)]
    first = letters.list(limit=2)
    second = letters.list(limit=2, before=first[-1].id)
    assert [letter.id for letter in first + second] == parked[:0:-1]


def test_letters_are_listed_by_project(letters: DeadLetters) -> None:
    mine, _ = park(letters, project="mine"), park(letters, project="theirs")
    assert letters.list(project="mine", limit=1) == [mine]


def test_a_removed_letter_is_gone(letters: DeadLetters, tmp_path: Path) -> None:
    letter = park(letters)
    letters.remove(letter.id)
    assert (len(letters), letters.size_bytes, letters.list()) == (0, 0, [])
    assert list((tmp_path / "dead-letters").iterdir()) == []
    with pytest.raises(NotFoundError, match=letter.id):
        letters.remove(letter.id)


def test_letters_outlive_a_restart(letters: DeadLetters, tmp_path: Path) -> None:
    letter = park(letters)
    again = DeadLetters(tmp_path / "dead-letters", SegmentIds(lambda: 1))
    again.open()
    assert (again.list(), again.size_bytes) == ([letter], letters.size_bytes)
    assert again.size_bytes == sum(path.stat().st_size for path in (tmp_path / "dead-letters").iterdir())


def test_a_letter_kept_twice_is_one(letters: DeadLetters) -> None:
    letter = park(letters)
    before = letters.size_bytes
    letters.keep(letter, b"body")
    assert (len(letters), letters.size_bytes) == (1, before)


@pytest.mark.parametrize("letter_id", HOSTILE_IDS)
def test_an_id_never_leads_out_of_the_folder(letters: DeadLetters, letter_id: str) -> None:
    for use in (letters.read, letters.remove):
        with pytest.raises(NotFoundError):
            use(letter_id)


def test_a_damaged_letter_does_not_hide_the_others(
    letters: DeadLetters, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good, damaged = park(letters), park(letters)
    (tmp_path / "dead-letters" / f"{damaged.id}.letter").write_bytes(b"{")
    assert letters.list() == [good]
    assert damaged.id in caplog.text
    with pytest.raises(NotFoundError, match="damaged"):
        letters.read(damaged.id)


def test_only_the_owner_can_read_a_letter(letters: DeadLetters, tmp_path: Path) -> None:
    park(letters)
    (path,) = (tmp_path / "dead-letters").iterdir()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_long_reason_is_cut(letters: DeadLetters) -> None:
    letter = letters.park("traces", "p", "k", b"", 0, received_ns=7, reason="x" * 100_000)
    assert len(letter.reason) == LONGEST_REASON_CHARS


# --- replay -------------------------------------------------------------------------------------


def refused(tmp_path: Path, engine: Engine) -> None:
    """Leave a spool folder with one dead letter."""
    hand = HandDriven(tmp_path / "spool", engine)
    hand.append([body_of("bad", 2)], items=2)
    hand.deliver_all()
    hand.die()


def test_a_replayed_letter_is_stored_and_gone(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store")
    refused(tmp_path, engine)
    engine.is_picky = False

    async def scenario() -> None:
        async with running(tmp_path / "spool") as spool, draining(spool, engine):
            (letter,) = spool.dead_letters.list()
            await spool.dead_letters.replay(letter.id, spool.append)
            assert len(spool.dead_letters) == 0
            await until(lambda: engine.rows() == {"bad": 2})
            assert await spool.append("traces", "p", "k", body_of("bad", 2), 2) is False

    asyncio.run(scenario())


def test_a_letter_replayed_twice_at_once_is_stored_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store")
    refused(tmp_path, engine)
    engine.is_picky = False

    async def scenario() -> None:
        async with running(tmp_path / "spool") as spool, draining(spool, engine):
            (letter,) = spool.dead_letters.list()
            replays = (spool.dead_letters.replay(letter.id, spool.append) for _ in range(2))
            await asyncio.gather(*replays)
            await spool.close()

    asyncio.run(scenario())
    assert engine.rows() == {"bad": 2}


def test_a_replayed_letter_that_is_refused_again_is_a_letter_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store")
    refused(tmp_path, engine)

    async def scenario() -> None:
        async with running(tmp_path / "spool") as spool, draining(spool, engine):
            (letter,) = spool.dead_letters.list()
            await spool.dead_letters.replay(letter.id, spool.append)
            await until(lambda: len(spool.dead_letters) == 1)
            (another,) = spool.dead_letters.list()
            assert another.id > letter.id
            assert spool.dead_letters.read(another.id)[1] == body_of("bad", 2)

    asyncio.run(scenario())


def test_a_letter_stays_when_its_replay_is_not_durable(letters: DeadLetters) -> None:
    letter = park(letters)

    async def append(*_: object, replay_of: str = "") -> bool:
        raise OverloadedError("The disk is full.")

    with pytest.raises(OverloadedError):
        asyncio.run(letters.replay(letter.id, append))
    assert letters.list() == [letter]


def test_a_letter_that_is_not_there_cannot_be_replayed(letters: DeadLetters) -> None:
    async def append(*_: object, replay_of: str = "") -> bool:
        raise AssertionError

    with pytest.raises(NotFoundError):
        asyncio.run(letters.replay(ABSENT_ID, append))
