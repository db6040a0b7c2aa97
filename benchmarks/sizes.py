"""``python -m benchmarks.sizes DATA``: the size of a data folder's tables, before and after a full merge.

It is a program of its own because a process can open one embedded engine only.
"""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from watchkeeper_collector.settings import load_settings
from watchkeeper_collector.store.client import Store

SIZES = """
SELECT
    table,
    sumIf(rows, NOT startsWith(name, 'patch-')) AS Rows,
    count() AS Parts,
    sum(bytes_on_disk) AS SizeBytes,
    sum(secondary_indices_compressed_bytes) AS IndexBytes
FROM system.parts
WHERE database = 'watchkeeper' AND active AND rows > 0
    AND table IN ('spans', 'span_content', 'trace_index')
GROUP BY table
ORDER BY SizeBytes DESC
"""


def measure(data_dir: Path) -> list[Any]:
    with closing(Store(load_settings(data_dir=data_dir).store_dsn)) as store:
        as_left = list(store.query(SIZES).rows)
        for table, *_ in as_left:
            store.command(f"OPTIMIZE TABLE watchkeeper.{table} FINAL")
        return [as_left, list(store.query(SIZES).rows)]


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
