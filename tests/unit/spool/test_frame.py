from watchkeeper_collector.spool.frame import encode_header, scan_frames


def frame(record: bytes, number: int = 0) -> bytes:
    header = encode_header(
        (record[:2], record[2:]), items=7, number=number, received_ns=123, fingerprint=bytes(range(16))
    )
    return header + record


def test_frames_are_read_back() -> None:
    data = frame(b"first") + frame(b"second", 1)
    first, second = scan_frames(data)
    assert (data[first.start : first.end], data[second.start : second.end]) == (b"first", b"second")
    assert (second.number, second.items, second.received_ns) == (1, 7, 123)
    assert second.fingerprint == bytes(range(16))
    assert data[second.header_start : second.end] == frame(b"second", 1)


def test_a_changed_byte_anywhere_ends_the_frames() -> None:
    data = frame(b"first") + frame(b"second", 1)
    for position in range(len(frame(b"first")), len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1
        assert len(scan_frames(bytes(damaged))) == 1


def test_zeros_are_no_frame() -> None:
    assert scan_frames(bytes(4096)) == []


def test_an_empty_file_has_no_frames() -> None:
    assert scan_frames(b"") == []
