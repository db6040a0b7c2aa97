"""One round of the campaign: a fresh data folder, clients, and kills at random points."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM

from tests.campaign.items import load_stored
from tests.campaign.ledger import Ledger, differences
from tests.campaign.senders import sending
from tests.clickhouse_server import ClickHouseServer
from tests.collector import CollectorProcess

SETTINGS = {"segment_age_s": 0.05, "segment_bytes": 200_000, "settle_interval_s": 0.5}
"""Small segments: many are closed, inserted and removed between two kills."""
DRAIN_TIMEOUT_S = 300.0


@dataclass
class Outcome:
    """What a round did and found; ``wrong`` is empty if all is well."""

    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    given_up: int = 0
    repetitions: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        self.kills += other.kills
        self.acknowledged += other.acknowledged
        self.given_up += other.given_up
        self.repetitions += other.repetitions
        self.wrong += other.wrong


class Round:
    """A collector with its clients and, unless it is embedded, its ClickHouse server."""

    def __init__(
        self, folder: Path, chance: random.Random, *, server: ClickHouseServer | None = None
    ) -> None:
        dsn = {"dsn": server.dsn} if server else {}
        self.collector = CollectorProcess(folder / "data", **SETTINGS, **dsn)
        self.server = server
        self.ledger = Ledger()
        self._chance = chance

    def run(self, kills: int) -> Outcome:
        """Kill so often, the first time while it migrates, and compare in the end."""
        moments = ["migration", *(self._chance.choice(self._moments()) for _ in range(kills - 1))]
        try:
            with sending(self._http, self._grpc, self.ledger, self._chance):
                for moment in moments:
                    MOMENTS[moment](self)
                self.collector.start().until_ready()
            return self._compare(Counter(moments))
        finally:
            if self.collector.is_running:
                self.collector.kill()

    def kill_in_migration(self) -> None:
        """The folder is fresh: the schema is made while requests come in."""
        self.collector.start()
        self._kill_within(2.5)

    def kill_in_start(self) -> None:
        """Anywhere between the interpreter's first line and the open store."""
        self.collector.launch()
        self._kill_within(2.5)

    def kill_at_work(self) -> None:
        """It has just started, and brings what it found to the store while it takes more."""
        self.collector.start()
        self._kill_within(2.0)

    def kill_in_drain(self) -> None:
        """All is open: commits, inserts and removals of segments are under way."""
        self.collector.start().until_ready()
        self._kill_within(1.0)

    def kill_in_shutdown(self) -> None:
        self.collector.start().until_ready()
        self._pause(0.3)
        self.collector.signal(SIGTERM)
        self._kill_within(0.6)

    def kill_store(self) -> None:
        """The server dies in the middle of inserts, and comes back before the collector's end or after it."""
        assert self.server is not None
        self.collector.start().until_ready()
        self._pause(0.5)
        self.server.kill()
        if self._chance.random() < 0.5:
            self._kill_within(0.5)
        self.server.start()
        if self.collector.is_running:
            self._kill_within(1.0)

    def _kill_within(self, most_s: float) -> None:
        self._pause(most_s)
        self.collector.kill()

    def _pause(self, most_s: float) -> None:
        time.sleep(self._chance.uniform(0, most_s))

    def _moments(self) -> list[str]:
        moments = ["start", "work", "drain", "shutdown"]
        return [*moments, "store", "store"] if self.server else moments

    def _http(self) -> str:
        return self.collector.http.removeprefix("http://")

    def _grpc(self) -> str:
        return self.collector.grpc

    def _compare(self, kills: Counter[str]) -> Outcome:
        """What the store has against what was acknowledged, once the spool is empty."""
        self.collector.until(lambda: self._spool()["segments"] == 0, DRAIN_TIMEOUT_S)
        spool = self._spool()
        wrong = [
            f"{name} is {spool[name]}" for name in ("dead_letters", "count_mismatches") if spool.get(name)
        ]
        return Outcome(
            kills,
            sum(map(len, self.ledger.acknowledged.values())),
            sum(map(len, self.ledger.given_up.values())),
            self.ledger.repetitions,
            wrong + differences(self.ledger, load_stored(self.collector)),
        )

    def _spool(self) -> Mapping[str, int]:
        spool: Mapping[str, int] = self.collector.get("/api/v1/status")["spool"]
        return spool


MOMENTS: Mapping[str, Callable[[Round], None]] = {
    "migration": Round.kill_in_migration,
    "start": Round.kill_in_start,
    "work": Round.kill_at_work,
    "drain": Round.kill_in_drain,
    "shutdown": Round.kill_in_shutdown,
    "store": Round.kill_store,
}


def run_round(folder: Path, *, kills: int, seed: int, with_server: bool = False) -> Outcome:
    """One round in a folder that is fresh; the moments are the seed's, the rest is the machine's."""
    folder.mkdir(parents=True)
    chance = random.Random(seed)
    if not with_server:
        return Round(folder, chance).run(kills)
    server = ClickHouseServer(folder / "server").start()
    try:
        return Round(folder, chance, server=server).run(kills)
    finally:
        server.kill()
