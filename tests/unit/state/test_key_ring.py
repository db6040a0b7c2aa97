"""The key ring by a clock of the test's own, on a store that may be away."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from watchkeeper_collector.errors import StateUnavailableError
from watchkeeper_collector.state import key_ring
from watchkeeper_collector.state.key_ring import KeyRing
from watchkeeper_collector.state.keys import KeyLock, Principal, hash_secret, render_key

SECRET = "s" * 43
KEY = render_key("a" * 12, SECRET)
PRINCIPAL = Principal("shop", "a" * 12, frozenset({"ingest"}))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Keys:
    """A store with one key."""

    def __init__(self) -> None:
        self.locks = {"a" * 12: KeyLock(hash_secret(SECRET), PRINCIPAL, None)}
        self.uses: dict[str, datetime] = {}
        self.seconds = 0.0
        self.is_away = False
        self.ring = KeyRing(self.load, self.record_use, clock=lambda: self.seconds, now=lambda: NOON)

    def load(self) -> dict[str, KeyLock]:
        if self.is_away:
            raise StateUnavailableError("away")
        return dict(self.locks)

    def record_use(self, uses: Mapping[str, datetime]) -> None:
        if self.is_away:
            raise StateUnavailableError("away")
        self.uses.update(uses)


@pytest.fixture
def keys() -> Keys:
    return Keys()


def test_keys_are_read_often_enough_for_a_revocation_within_a_second() -> None:
    assert key_ring.REFRESH_INTERVAL_S <= 0.5


def test_ring_that_was_never_read_opens_nothing(keys: Keys) -> None:
    with pytest.raises(StateUnavailableError, match="last read"):
        keys.ring.authenticate(KEY)
    with pytest.raises(StateUnavailableError):
        keys.ring.is_empty()


def test_ring_does_not_start_without_the_store(keys: Keys) -> None:
    keys.is_away = True
    with pytest.raises(StateUnavailableError):
        keys.ring.start()


def test_keys_last_read_stay_good_for_ten_minutes_without_the_store(keys: Keys) -> None:
    keys.ring.refresh()
    keys.is_away = True
    keys.ring.catch_up()
    keys.seconds = 600.0
    assert keys.ring.authenticate(KEY) == PRINCIPAL
    assert keys.ring.failures == 1
    keys.seconds = 600.1
    with pytest.raises(StateUnavailableError, match="more than 600 s ago"):
        keys.ring.authenticate(KEY)


def test_age_is_counted_from_when_reading_began(keys: Keys) -> None:
    keys.ring.refresh()
    keys.seconds = 3.0
    assert keys.ring.age_s() == 3.0
    keys.ring.refresh()
    assert keys.ring.age_s() == 0.0


def test_removed_key_opens_nothing_after_the_next_reading(keys: Keys) -> None:
    keys.ring.refresh()
    keys.locks.clear()
    assert keys.ring.authenticate(KEY) == PRINCIPAL
    keys.ring.refresh()
    assert keys.ring.authenticate(KEY) is None
    assert keys.ring.is_empty()


def test_use_is_kept_until_the_store_takes_it(keys: Keys) -> None:
    keys.ring.refresh()
    keys.ring.authenticate(KEY)
    keys.is_away = True
    with pytest.raises(StateUnavailableError):
        keys.ring.flush()
    keys.is_away = False
    keys.ring.flush()
    assert keys.uses == {"a" * 12: NOON}


def test_refused_key_is_no_use(keys: Keys) -> None:
    keys.ring.refresh()
    keys.ring.authenticate(KEY[:-1] + "x")
    keys.ring.flush()
    assert keys.uses == {}


def test_thread_reads_the_keys_and_stores_their_use(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_ring, "REFRESH_INTERVAL_S", 0.001)
    keys.ring.start()
    keys.ring.authenticate(KEY)
    keys.seconds = 60.0
    wait_for(lambda: keys.uses != {})
    keys.is_away = True
    wait_for(lambda: keys.ring.failures > 2)
    keys.is_away = False
    keys.locks.clear()
    wait_for(keys.ring.is_empty)
    keys.ring.close()


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, "too late"
        time.sleep(0.001)
