"""What the embedded engine is told when it starts: where backups may go, and keys for its disk.

With keys every table lies on a disk of the engine's own kind `encrypted` (AES-256 in counter mode). SQL,
the text index and backups know nothing of it. The keys reach the engine in a file that is there while it
starts, in memory where the machine has a folder for that.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.sealing import KeyChain, load_key_file, read_keys

BACKUPS = "backups"
"""Folder under the engine's own that its backups go to, and come from."""
SEALED = "sealed"
MEMORY = Path("/dev/shm")  # noqa: S108 - the file is made by mkstemp, for its owner alone
KEY = '<key_hex id="{id}">{key}</key_hex>'
CONFIGURATION = """<clickhouse>
<backups><allowed_path>{backups}</allowed_path></backups>
<storage_configuration>
<disks>
<{name}_below><type>local</type><path>{path}</path></{name}_below>
<{name}><type>encrypted</type><disk>{name}_below</disk><algorithm>AES_256_CTR</algorithm>
{keys}<current_key_id>{newest}</current_key_id></{name}>
</disks>
<policies><{name}><volumes>
<{name}><disk>{name}</disk></{name}>
<default><disk>default</disk></default>
</volumes></{name}></policies>
</storage_configuration>
<merge_tree><storage_policy>{name}</storage_policy></merge_tree>
</clickhouse>
"""


@contextmanager
def describe_engine(
    path: str, encryption_key_file: str = "", encryption_keys: str = ""
) -> Iterator[dict[str, str]]:
    """Options of the engine for a data folder, good while the block lasts. Raises ``ConfigurationError``."""
    engine = Path(path).resolve()
    options = {"backups.allowed_path": f"{engine / BACKUPS}/"}
    chain = load_chain(encryption_key_file, encryption_keys)
    if chain is None:
        if (engine / SEALED).is_dir():
            raise ConfigurationError(
                f"The store '{engine}' is encrypted, and no key is given. Name the file with its keys:"
                " setting `encryption_key_file`."
            )
        yield options
        return
    descriptor, name = tempfile.mkstemp(suffix=".xml", dir=MEMORY if MEMORY.is_dir() else None)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(render_configuration(engine, chain))
        yield {"config-file": name}
    finally:
        Path(name).unlink()


def load_chain(key_file: str, keys: str) -> KeyChain | None:
    """The keys in a file, else those given; none: nothing is encrypted. Raises ``ConfigurationError``."""
    if key_file:
        return load_key_file(Path(key_file))
    return read_keys(keys, "The setting `encryption_keys`") if keys else None


def render_configuration(engine: Path, chain: KeyChain) -> str:
    keys = "".join(KEY.format(id=number, key=key.hex()) for number, key in chain.keys.items())
    return CONFIGURATION.format(
        backups=escape(f"{engine / BACKUPS}/"),
        path=escape(f"{engine / SEALED}/"),
        name=SEALED,
        keys=keys,
        newest=chain.newest,
    )
