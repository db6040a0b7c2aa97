"""A spool whose files are cut at any byte recovers a prefix of each and repeats nothing."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper_collector.spool.record import read_records
from watchkeeper_collector.spool.segment import find_segments

from tests.unit.spool.driving import HandDriven
from tests.unit.spool.engine import Engine, body_of, name_of

NAMES = [f"n{number}" for number in range(12)]


def filled(folder: Path, sizes: list[int], delivered: int) -> HandDriven:
    """A spool of twelve requests in four or more segments, the first of them delivered."""
    hand = HandDriven(folder / "spool", Engine(folder / "store"), segment_bytes=2000)
    for first in range(0, len(NAMES), 3):
        hand.append(
            [
                body_of(name, 1, size)
                for name, size in zip(NAMES[first:], sizes[first : first + 3], strict=False)
            ]
        )
        hand.close_segments()
    for _ in range(delivered):
        hand.deliver()
    hand.die()
    return hand


def names_by_segment(folder: Path) -> dict[Path, list[str]]:
    return {
        segment.path: [name_of(record.request) for record in read_records(segment.read().payload())[0]]
        for segment in find_segments(folder / "spool/segments")
    }


def cut(path: Path, choose: Callable[[int], int]) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: choose(len(content))])


sizes_of_bodies = st.lists(st.integers(0, 900), min_size=12, max_size=12)


@settings(max_examples=60, deadline=None)
@given(sizes_of_bodies, st.integers(0, 3), st.data())
def test_a_segment_cut_at_any_byte_recovers_a_prefix_and_repeats_nothing(
    sizes: list[int], delivered: int, data: st.DataObject
) -> None:
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        filled(folder, sizes, delivered)
        before = names_by_segment(folder)
        path = data.draw(st.sampled_from(sorted(before)))
        cut(path, lambda length: data.draw(st.integers(0, length)))
        after = names_by_segment(folder)
        assert after[path] == before[path][: len(after[path])]
        assert {other: names for other, names in after.items() if other != path} == {
            other: names for other, names in before.items() if other != path
        }

        hand = HandDriven(folder / "spool", Engine(folder / "store"))
        hand.deliver_all()
        lost = before[path][len(after[path]) :]
        assert hand.engine.rows() == Counter(NAMES) - Counter(lost)

        outcomes = hand.append([body_of(name, 1, size) for name, size in zip(NAMES, sizes, strict=True)])
        assert outcomes == [name in lost for name in NAMES]
        hand.deliver_all()
        hand.die()
        assert hand.engine.rows() == Counter(NAMES)


@settings(max_examples=40, deadline=None)
@given(sizes_of_bodies, st.integers(1, 4), st.data())
def test_a_journal_cut_at_any_byte_forgets_only_what_was_cut(
    sizes: list[int], delivered: int, data: st.DataObject
) -> None:
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        filled(folder, sizes, delivered)
        (journal,) = (folder / "spool/retries").iterdir()
        whole = len(journal.read_bytes())
        cut(journal, lambda length: data.draw(st.integers(0, length)))
        forgotten = -(-(whole - len(journal.read_bytes())) * 12 // whole) if whole else 0

        hand = HandDriven(folder / "spool", Engine(folder / "store"))
        hand.deliver_all()
        assert hand.engine.rows() == Counter(NAMES)
        bodies = [body_of(name, 1, size) for name, size in zip(NAMES, sizes, strict=True)]
        assert hand.append(bodies).count(True) <= forgotten
        hand.die()


@settings(max_examples=40, deadline=None)
@given(sizes_of_bodies, st.data())
def test_a_changed_byte_anywhere_in_a_segment_stores_no_damaged_record(
    sizes: list[int], data: st.DataObject
) -> None:
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        filled(folder, sizes, 0)
        path = data.draw(st.sampled_from(sorted(names_by_segment(folder))))
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)

        hand = HandDriven(folder / "spool", Engine(folder / "store"))
        hand.deliver_all()
        hand.die()
        rows = hand.engine.rows()
        assert rows <= Counter(NAMES)
        assert rows.total() >= len(NAMES) - 3
