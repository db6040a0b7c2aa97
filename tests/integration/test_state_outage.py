"""PostgreSQL goes away and comes back under a running collector."""

from collections.abc import Iterator

import pytest
from watchkeeper_collector.errors import StateUnavailableError
from watchkeeper_collector.state.state import State

from tests.postgresql import PostgresqlServer


@pytest.fixture
def server() -> Iterator[PostgresqlServer]:
    with PostgresqlServer() as server:
        yield server


def test_known_keys_open_while_postgresql_is_away(server: PostgresqlServer) -> None:
    state = State(server.create_database())
    state.migrate()
    state.keys.start()
    key, secret = state.keys.create("shop", "laptop")
    server.stop()
    with pytest.raises(StateUnavailableError):
        state.keys.create("shop", "other")
    with pytest.raises(StateUnavailableError):
        state.lease("settling", ttl_s=60).acquire()
    principal = state.keys.authenticate(secret)
    assert principal is not None
    assert principal.key_id == key.id
    server.start()
    state.keys.revoke(key.id)
    assert state.keys.authenticate(secret) is None
    assert state.lease("settling", ttl_s=60).acquire()
    state.close()
