"""What spans take on disk, table by table."""

from collections.abc import Sequence

from benchmarks.collector import TableSize
from benchmarks.figures import Figures
from benchmarks.report import Cell, Table

COLUMNS = (
    "table",
    "rows",
    "parts",
    "bytes/span",
    "of which indexes",
    "merged in full, bytes/span",
    "raw / stored",
    "raw / merged",
)


def build_storage_table(found: Sequence[Figures]) -> list[Table]:
    """Of the last round on a collector. ``raw`` is the requests' Protobuf, not compressed."""
    measured = [figures for figures in found if figures.sizes is not None]
    if not measured or (sizes := measured[-1].sizes) is None:
        return []
    sent = measured[-1].sent
    rows = [_row([left], [merged], sent.spans, None) for left, merged in _pairs(sizes.as_left, sizes.merged)]
    total = _row(sizes.as_left, sizes.merged, sent.spans, sent.raw_bytes)
    title = f"On disk, {sent.spans:,} spans of {sent.raw_bytes / sent.spans:,.0f} bytes"
    return [Table(title, COLUMNS, [*rows, total])]


def _pairs(as_left: Sequence[TableSize], merged: Sequence[TableSize]) -> list[tuple[TableSize, TableSize]]:
    by_name = {size.table: size for size in merged}
    return [(size, by_name[size.table]) for size in as_left]


def _row(
    as_left: Sequence[TableSize], merged: Sequence[TableSize], spans: int, raw_bytes: int | None
) -> list[Cell]:
    """``raw_bytes`` are given for all tables together."""
    size_bytes = sum(size.size_bytes for size in as_left)
    merged_bytes = sum(size.size_bytes for size in merged)
    return [
        as_left[0].table if raw_bytes is None else "all",
        as_left[0].rows if raw_bytes is None else spans,
        sum(size.parts for size in as_left),
        size_bytes / spans,
        sum(size.index_bytes for size in as_left) / spans,
        merged_bytes / spans,
        None if raw_bytes is None else raw_bytes / size_bytes,
        None if raw_bytes is None else raw_bytes / merged_bytes,
    ]
