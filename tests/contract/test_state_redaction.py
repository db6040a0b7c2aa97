"""Redaction policies in the state store, in SQLite and in PostgreSQL alike."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from watchkeeper_collector.errors import ConflictError, NotFoundError
from watchkeeper_collector.state.state import State


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def state(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('state')}/state.db"
    else:
        url = str(request.getfixturevalue("postgresql").create_database())
    opened = State(url)
    opened.migrate()
    yield opened
    opened.close()


def test_versions_count_up_within_a_project(state: State) -> None:
    made = [state.redaction.add("a", document, "key:x") for document in ("one", "two", "")]
    assert [version.version for version in made] == [1, 2, 3]
    assert state.redaction.add("b", "one", "local").version == 1
    assert state.redaction.versions() == {"a": 3, "b": 1}
    assert state.redaction.document("a", 2) == "two"
    assert state.redaction.newest("a") == state.redaction.get("a", 3) == made[2]
    assert state.redaction.newest("c") is None


def test_versions_are_listed_newest_first_page_by_page(state: State) -> None:
    for number in range(5):
        state.redaction.add("pages", str(number), "")
    first = state.redaction.list("pages", limit=3)
    rest = state.redaction.list("pages", limit=3, before=first[-1].version)
    assert [found.document for found in (*first, *rest)] == ["4", "3", "2", "1", "0"]


def test_another_projects_version_is_not_there(state: State) -> None:
    state.redaction.add("mine", "x", "")
    with pytest.raises(NotFoundError, match="no version 1 "):
        state.redaction.get("yours", 1)


def test_two_changes_at_once_are_two_versions_or_a_conflict(state: State) -> None:
    def add(number: int) -> int | None:
        try:
            return state.redaction.add("busy", str(number), "").version
        except ConflictError:
            return None

    with ThreadPoolExecutor(4) as pool:
        made = [version for version in pool.map(add, range(12)) if version is not None]
    assert sorted(made) == list(range(1, len(made) + 1))


def test_the_secret_of_hashes_is_made_once(state: State) -> None:
    with ThreadPoolExecutor(4) as pool:
        secrets = set(pool.map(lambda _: state.redaction.secret(), range(8)))
    assert len(secrets) == 1
    assert len(secrets.pop()) == 64
