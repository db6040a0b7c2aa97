"""`watchkeeper audit` and `watchkeeper projects`, on a state store of their own."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run


@pytest.fixture
def state_file(run: Run, tmp_path: Path) -> Path:
    """A store with two projects, a key and what the audit tells of them."""
    assert run("projects", "create", "checkout", "--name", "Checkout team").exit_code == 0
    assert run("projects", "create", "search").exit_code == 0
    assert run("keys", "create", "--project", "checkout", "--name", "ada", "--role", "analyst").exit_code == 0
    return tmp_path / "watchkeeper-data" / "state.db"


def test_projects_are_listed_with_their_keys_and_made_once(run: Run, state_file: Path) -> None:
    assert state_file.is_file()
    assert [project["id"] for project in json.loads(run("projects", "list", "--format", "json").stdout)] == [
        "checkout",
        "search",
    ]
    assert "Checkout team" in run("projects", "list").stdout
    again = run("projects", "create", "search")
    assert (again.exit_code, "There is a project 'search' already." in again.stderr) == (1, True)
    assert "can't name a project" in run("projects", "create", "../x").stderr


def test_a_role_is_a_set_of_scopes_and_not_given_beside_some(run: Run, state_file: Path) -> None:
    assert state_file.is_file()
    (key,) = json.loads(run("keys", "list", "--format", "json").stdout)
    assert key["scopes"] == ["read", "content"]
    both = run("keys", "create", "--name", "x", "--role", "viewer", "--scope", "read")
    assert (both.exit_code, "has a role or scopes" in both.stderr) == (2, True)
    assert "There is no role 'owner'." in run("keys", "create", "--name", "x", "--role", "owner").stderr
    assert "can't send -1 a second" in run("keys", "create", "--name", "x", "--spans-per-s", "-1").stderr


def test_audit_is_proved_exported_and_proved_from_the_file(run: Run, state_file: Path) -> None:
    assert state_file.is_file()
    proved = run("audit", "verify")
    assert (proved.exit_code, proved.stdout.count("intact")) == (0, 2)
    assert run("audit", "export", "--project", "checkout", "--out", "audit.jsonl").exit_code == 0
    lines = [json.loads(line) for line in Path("audit.jsonl").read_text("utf-8").splitlines()]
    assert [line["action"] for line in lines] == ["projects create", "keys create"]
    assert lines[1]["actor"].startswith("cli:")
    assert run("audit", "verify", "--file", "audit.jsonl").exit_code == 0
    head = f"checkout:2:{lines[1]['hash']}"
    assert run("audit", "verify", "--head", head).exit_code == 0
    assert run("audit", "verify", "--head", f"checkout:2:{'0' * 64}").exit_code == 1


def test_a_flipped_byte_is_found_in_the_store_and_in_the_file(run: Run, state_file: Path) -> None:
    run("audit", "export", "--out", "audit.jsonl")
    text = Path("audit.jsonl").read_text("utf-8")
    Path("audit.jsonl").write_text(text.replace("cli:", "clj:", 1), "utf-8")
    assert run("audit", "verify", "--file", "audit.jsonl").exit_code == 1
    connection = sqlite3.connect(state_file)
    connection.execute("UPDATE audit_entries SET at = 'never' WHERE project = 'checkout' AND number = 2")
    connection.commit()
    connection.close()
    proved = run("audit", "verify")
    assert (proved.exit_code, "What follows entry 0 can't be read." in proved.stderr) == (1, True)
    assert proved.stdout.count("intact") == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("verify", "--file", "none.jsonl"), "can't be read"),
        (("verify", "--head", "checkout"), "is no end of a chain"),
    ],
)
def test_what_is_no_audit_is_told(run: Run, state_file: Path, words: tuple[str, ...], problem: str) -> None:
    assert state_file.is_file()
    done = run("audit", *words)
    assert (done.exit_code, problem in done.stderr) == (2, True)
    Path("broken.jsonl").write_text('{"project": 1}\n', "utf-8")
    assert "broken.jsonl:1: this is no entry" in run("audit", "verify", "--file", "broken.jsonl").stderr
