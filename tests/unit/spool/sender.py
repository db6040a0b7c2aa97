"""A collector reduced to its spool, to be killed: ``python -m tests.unit.spool.sender FOLDER RUN``.

It sends to itself from eight clients, some bodies twice, and writes a line for each answer once it
has it. ``FOLDER/unanswered`` holds names that an earlier run sent and got no answer for.
"""

import asyncio
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from watchkeeper_collector.spool import Spool

from tests.unit.spool.driving import draining, running
from tests.unit.spool.engine import Engine, body_of

CLIENTS = 8
RETRIED = 0.1


def names(folder: Path, run: int, rng: random.Random) -> Iterator[str]:
    """The names of what is to be sent, without end."""
    unanswered = folder / "unanswered"
    yield from unanswered.read_text().split() if unanswered.exists() else ()
    number = 0
    while True:
        number += 1
        yield (name := f"{'bad' if rng.random() < 0.02 else 'n'}-{run}-{number}")
        if rng.random() < RETRIED:
            yield name


def size_of(name: str) -> int:
    """A retry must be identical, so the size follows from the name; mostly small."""
    return int(10 ** random.Random(name).uniform(1, 4.3))


async def client(spool: Spool, to_send: Iterator[str]) -> None:
    for name in to_send:
        signal = ("traces", "logs")[len(name) % 2]
        items = 1 + len(name) % 3
        print(f"sent {name}", flush=True)
        await spool.append(signal, "p", "k", body_of(name, items, size_of(name)), items)
        print(f"acknowledged {name}", flush=True)


async def main(folder: Path, run: int) -> None:
    to_send = names(folder, run, random.Random(run))
    settings = {"segment_bytes": 50_000, "segment_age_s": 0.01}
    async with running(folder / "spool", **settings) as spool, draining(spool, Engine(folder / "store")):
        print("ready", flush=True)
        await asyncio.gather(*(client(spool, to_send) for _ in range(CLIENTS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
