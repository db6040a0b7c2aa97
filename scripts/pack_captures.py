"""Write the archive of captured requests that the demo replays, from `tests/data/captures`.

    python scripts/pack_captures.py

The same captures give the same bytes; a test compares the two.
"""

import io
import lzma
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CAPTURES = ROOT / "tests" / "data" / "captures"
ARCHIVE = ROOT / "collector" / "watchkeeper_collector" / "demo" / "captures.tar.xz"


def captured_requests() -> list[Path]:
    """Requests of traces and logs in Protobuf: the archive's content."""
    return sorted(path for path in CAPTURES.glob("*/*.otlp") if ".metrics" not in path.suffixes)


def pack() -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in captured_requests():
            entry = tarfile.TarInfo(path.relative_to(CAPTURES).as_posix())
            entry.size = path.stat().st_size
            archive.addfile(entry, io.BytesIO(path.read_bytes()))
    return lzma.compress(plain.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def main() -> int:
    ARCHIVE.write_bytes(pack())
    print(
        f"{ARCHIVE.relative_to(ROOT)}: {len(captured_requests())} requests, {ARCHIVE.stat().st_size} bytes."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
