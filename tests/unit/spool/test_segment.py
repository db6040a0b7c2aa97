from pathlib import Path

from watchkeeper_collector.spool.request import Request
from watchkeeper_collector.spool.segment import (
    ID_CHARS,
    OpenSegment,
    SegmentIds,
    find_segments,
    frame_bytes,
    opened_ns,
    rewrite,
)


def request(body: bytes, items: int = 1) -> Request:
    return Request("traces", b"\x0a\x01p", body, items, 5, b"", None)


def test_ids_sort_by_time_and_differ_within_one_tick() -> None:
    ids = SegmentIds(lambda: 1000)
    made = [ids.next() for _ in range(100)]
    assert made == sorted(made)
    assert len({name[:16] for name in made}) == 100
    assert {len(name) for name in made} == {ID_CHARS}


def test_ids_stay_above_those_of_an_earlier_process_when_the_clock_is_set_back() -> None:
    before = SegmentIds(lambda: 5000).next()
    ids = SegmentIds(lambda: 1000)
    ids.go_beyond(before)
    assert ids.next() > before


def test_an_id_tells_when_its_segment_was_opened() -> None:
    assert opened_ns(SegmentIds(lambda: 1_700_000_000_000_000_000).next()) == 1_700_000_000_000_000_000


def test_ids_of_two_processes_differ_at_the_same_time() -> None:
    assert SegmentIds(lambda: 1).next() != SegmentIds(lambda: 1).next()


def test_a_closed_segment_reads_what_was_appended(tmp_path: Path) -> None:
    writing = OpenSegment(tmp_path, SegmentIds(lambda: 1).next(), "traces")
    writing.append([request(b"a", 2), request(b"b" * 5000, 3)])
    writing.append([request(b"c")])
    segment = writing.close()
    assert segment is not None
    contents = segment.read()
    assert segment.size_bytes == segment.path.stat().st_size
    assert (contents.items, contents.torn_bytes, [f.number for f in contents.frames]) == (6, 0, [0, 1, 2])


def test_a_segment_without_records_leaves_no_file(tmp_path: Path) -> None:
    assert OpenSegment(tmp_path, "s", "traces").close() is None
    assert list(tmp_path.iterdir()) == []


def test_a_cut_segment_has_only_what_was_durable(tmp_path: Path) -> None:
    writing = OpenSegment(tmp_path, "s", "traces")
    writing.append([request(b"a")])
    with (tmp_path / "s.traces").open("ab") as file:
        file.write(b"half a frame")
    writing.cut()
    segment = writing.close()
    assert segment is not None
    assert segment.read().torn_bytes == 0


def test_a_rewritten_segment_keeps_numbers_and_checksums(tmp_path: Path) -> None:
    writing = OpenSegment(tmp_path, "s", "traces")
    writing.append([request(b"a"), request(b"b"), request(b"c")])
    segment = writing.close()
    assert segment is not None
    contents = segment.read()
    rewrite(segment, contents.without([contents.frames[1]]))
    assert [frame.number for frame in segment.read().frames] == [0, 2]
    assert segment.read().payload() == contents.payload([contents.frames[0], contents.frames[2]])


def test_the_size_foretold_for_a_frame_is_never_too_small(tmp_path: Path) -> None:
    for size in (0, 1, 127, 128, 16383, 16384, 1 << 20):
        writing = OpenSegment(tmp_path, SegmentIds(lambda: 1).next(), "traces")
        writing.append([request(bytes(size))])
        assert 0 <= frame_bytes(request(bytes(size))) - writing.size_bytes <= 40
        writing.close()


def test_only_segments_are_found_and_the_oldest_first(tmp_path: Path) -> None:
    for name in ("2.traces", "1.logs", "3.metrics", "4.profiles", "5.traces.unfinished", "lock"):
        (tmp_path / name).write_bytes(b"x")
    assert [(s.id, s.signal, s.is_leftover) for s in find_segments(tmp_path)] == [
        ("1", "logs", True),
        ("2", "traces", True),
        ("3", "metrics", True),
    ]


def test_only_the_owner_can_read_a_segment(tmp_path: Path) -> None:
    OpenSegment(tmp_path, "s", "traces")
    assert (tmp_path / "s.traces").stat().st_mode & 0o777 == 0o600
