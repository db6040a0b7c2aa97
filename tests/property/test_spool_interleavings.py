"""Whatever happens in whatever order, each acknowledged request is stored exactly once."""

import errno
import os
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.unit.spool.driving import Clock, HandDriven, disk_fault
from tests.unit.spool.engine import Engine, KilledError, body_of

NAMES = [f"n{number}" for number in range(30)] + [f"bad{number}" for number in range(6)]
FAULTS = ["away", "lost", "token", "half", "killed"]

batches = st.lists(st.sampled_from(NAMES), min_size=1, max_size=6)
disk_calls = st.integers(1, 10)


class SpoolUnderFire(RuleBasedStateMachine):
    """Clients that retry, a store and a disk that fail, a process that is killed, an operator who replays."""

    def __init__(self) -> None:
        super().__init__()
        self.temporary = TemporaryDirectory()
        self.folder = Path(self.temporary.name)
        self.clock = Clock()
        self.engine = Engine(self.folder / "store")
        self.acknowledged: set[str] = set()

    @initialize()
    def start(self) -> None:
        self.hand = HandDriven(self.folder / "spool", self.engine, segment_bytes=300, clock=self.clock)

    @rule(names=batches)
    def append(self, names: list[str]) -> None:
        """Clients send; names come again and again, as retries do."""
        self.note(names, self.send(names))

    @rule(
        names=batches,
        at_call=disk_calls,
        calls=st.integers(1, 6),
        code=st.sampled_from([errno.ENOSPC, errno.EIO]),
    )
    def append_on_a_failing_disk(self, names: list[str], at_call: int, calls: int, code: int) -> None:
        with disk_fault(at_call, OSError(code, "fault"), calls=calls):
            outcomes = self.send(names)
        self.note(names, outcomes)

    @rule(names=batches, at_call=disk_calls, torn=st.floats(0, 1))
    def be_killed_in_a_commit(self, names: list[str], at_call: int, torn: float) -> None:
        try:
            with disk_fault(at_call, KilledError()):
                outcomes = self.send(names)
        except KilledError:
            self.restart(torn)
        else:
            self.note(names, outcomes)

    @rule()
    def close_segments(self) -> None:
        self.hand.close_segments()

    @rule(fault=st.sampled_from(["", *FAULTS]))
    def deliver(self, fault: str) -> None:
        self.engine.faults = [fault]
        self.attempt()
        self.engine.faults = []

    @rule(at_call=disk_calls, code=st.sampled_from([errno.ENOSPC, errno.EIO]))
    def deliver_on_a_failing_disk(self, at_call: int, code: int) -> None:
        with disk_fault(at_call, OSError(code, "fault")):
            self.attempt()

    @rule(at_call=disk_calls)
    def be_killed_in_a_delivery(self, at_call: int) -> None:
        with disk_fault(at_call, KilledError()):
            self.attempt()

    @rule(torn=st.floats(0, 1))
    def be_killed(self, torn: float) -> None:
        self.restart(torn)

    @rule(is_picky=st.booleans())
    def change_what_the_store_takes(self, is_picky: bool) -> None:
        self.engine.is_picky = is_picky

    @precondition(lambda self: len(self.hand.spool.dead_letters))
    @rule(at_call=st.integers(1, 8))
    def replay_and_be_killed(self, at_call: int) -> None:
        (letter,) = self.hand.spool.dead_letters.list(limit=1)
        try:
            with disk_fault(at_call, KilledError()):
                self.hand.replay(letter.id)
        except KilledError:
            self.restart(1.0)

    @invariant()
    def nothing_is_doubled(self) -> None:
        assert max(self.engine.rows().values(), default=0) <= 1

    def teardown(self) -> None:
        """In the end all is well again, and everything acknowledged must be there."""
        if hasattr(self, "hand"):
            self.engine.is_picky = False
            self.restart(1.0)
            self.hand.deliver_all()
            for letter in self.hand.spool.dead_letters.list():
                self.hand.replay(letter.id)
            self.hand.deliver_all()
            self.hand.die()
            rows = self.engine.rows()
            assert rows == Counter(rows.keys())
            assert self.acknowledged <= rows.keys()
        self.temporary.cleanup()

    def send(self, names: list[str]) -> list[Any]:
        return self.hand.append([body_of(name) for name in names])

    def note(self, names: list[str], outcomes: list[Any]) -> None:
        pairs = zip(names, outcomes, strict=True)
        self.acknowledged |= {name for name, outcome in pairs if isinstance(outcome, bool)}

    def attempt(self) -> None:
        try:
            self.hand.deliver()
        except KilledError:
            self.restart(1.0)

    def restart(self, torn: float) -> None:
        """Kill the process; of what was written and not fsynced, a part may be gone with the power."""
        durable = {
            lane._segment._path: lane._segment.size_bytes
            for lane in self.hand.spool._lanes.values()
            if lane._segment
        }
        self.hand.die()
        for path, size in durable.items():
            os.truncate(path, size + int((path.stat().st_size - size) * torn))
        self.start()


def check(examples: int, steps: int) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    given = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks
    )
    run_state_machine_as_test(SpoolUnderFire, settings=given)


def test_any_interleaving_stores_what_was_acknowledged_exactly_once() -> None:
    check(examples=60, steps=30)


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_thousands_of_interleavings_store_what_was_acknowledged_exactly_once() -> None:
    check(examples=5000, steps=40)
