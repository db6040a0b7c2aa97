"""Which policy a project has at the moment."""

from dataclasses import dataclass, field

import pytest
from watchkeeper_collector.errors import OverloadedError, StateUnavailableError
from watchkeeper_collector.redaction.policies import Kept, Policies
from watchkeeper_collector.redaction.policy import ProjectPolicy, read_policy
from watchkeeper_collector.redaction.screen import Hits

MAIL = read_policy({"detectors": {"email": "mask"}})
USERS = read_policy({"users": "hash"})


@dataclass
class Shelf:
    """A state store, as far as policies know it."""

    documents: dict[str, list[str]] = field(default_factory=dict)
    is_away: bool = False
    reads: int = 0

    def versions(self) -> dict[str, int]:
        if self.is_away:
            raise StateUnavailableError("away")
        return {project: len(documents) for project, documents in self.documents.items()}

    def document(self, project: str, version: int) -> str:
        self.reads += 1
        return self.documents[project][version - 1]

    def put(self, project: str, policy: ProjectPolicy | None) -> None:
        self.documents.setdefault(project, []).append(policy.render() if policy else "")


def policies(shelf: Shelf, default: ProjectPolicy | None = None) -> Policies:
    opened = Policies(Kept(shelf.versions, shelf.document, lambda: "secret"), default)
    opened.refresh()
    return opened


def version(opened: Policies, project: str) -> str | None:
    screen = opened.find(project)
    return None if screen is None else screen.version


def test_without_any_policy_there_is_nothing_to_do() -> None:
    assert policies(Shelf()).find("shop") is None


def test_each_change_is_a_version_and_holds_from_the_next_reading_on() -> None:
    shelf = Shelf()
    opened = policies(shelf)
    for number, policy in enumerate((MAIL, USERS, MAIL), 1):
        shelf.put("shop", policy)
        opened.refresh()
        assert version(opened, "shop") == str(number)
    assert opened.find("other") is None


def test_only_what_changed_is_read_again() -> None:
    shelf = Shelf()
    shelf.put("shop", MAIL)
    opened = policies(shelf)
    screen = opened.find("shop")
    for _ in range(3):
        opened.refresh()
    assert shelf.reads == 1
    assert opened.find("shop") is screen


def test_a_policy_that_is_taken_back_or_empty_redacts_nothing() -> None:
    shelf = Shelf()
    opened = policies(shelf)
    for nothing in (None, ProjectPolicy()):
        shelf.put("shop", MAIL)
        opened.refresh()
        assert version(opened, "shop") is not None
        shelf.put("shop", nothing)
        opened.refresh()
        assert version(opened, "shop") is None


def test_the_default_holds_for_projects_without_a_policy_of_their_own() -> None:
    shelf = Shelf()
    shelf.put("own", USERS)
    shelf.put("none", ProjectPolicy())
    opened = policies(shelf, MAIL)
    default = version(opened, "shop")
    assert default is not None
    assert default.startswith("settings-")
    assert opened.find("shop") is opened.find("shop")
    assert version(opened, "own") == "1"
    assert version(opened, "none") is None
    shelf.put("own", None)
    opened.refresh()
    assert version(opened, "own") == default


def test_while_the_store_is_away_the_last_policies_stay_in_force() -> None:
    shelf = Shelf()
    shelf.put("shop", MAIL)
    opened = policies(shelf)
    shelf.is_away = True
    opened.catch_up()
    assert opened.failures == 1
    assert version(opened, "shop") == "1"


def test_a_policy_that_can_not_be_followed_takes_nothing_in() -> None:
    """As one that a newer collector wrote."""
    shelf = Shelf({"shop": ['{"detectors": {"iris": "mask"}}']})
    opened = policies(shelf, MAIL)
    with pytest.raises(OverloadedError, match="can't be followed by this collector"):
        opened.find("shop")
    shelf.put("shop", MAIL)
    opened.refresh()
    assert version(opened, "shop") == "2"


def test_hashes_are_of_one_project_and_outlive_versions() -> None:
    shelf = Shelf()
    opened = policies(shelf, USERS)

    def hashed(project: str) -> str:
        screen = opened.find(project)
        assert screen is not None
        return str(screen.attribute("user.id", "joe", Hits()))

    before = hashed("shop")
    assert before != hashed("other")
    shelf.put("shop", read_policy({"users": "hash", "detectors": {"email": "mask"}}))
    opened.refresh()
    assert hashed("shop") == before
