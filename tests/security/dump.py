"""Write every row of an embedded store to standard output, as text: `python -m tests.security.dump FOLDER`.

What the engine writes is compressed, so its files alone would not show a value that is in them.
"""

import sys

from watchkeeper_collector.store.client import Store


def main(folder: str) -> None:
    store = Store(f"chdb://{folder}")
    tables = store.query(
        "SELECT database, name FROM system.tables WHERE engine LIKE '%MergeTree' AND database != 'system'"
    ).rows
    for database, name in tables:
        sys.stdout.buffer.write(store.raw_query(f"SELECT * FROM `{database}`.`{name}`", "JSONEachRow"))
    store.close()


if __name__ == "__main__":
    main(sys.argv[1])
