"""`watchkeeper keys`, on a state store of its own."""

import json
from pathlib import Path

import pytest
from watchkeeper_collector.state.keys import read_key
from watchkeeper_collector.state.state import State

from tests.unit.cli.conftest import Run


def test_key_is_alone_on_stdout_and_opens(run: Run, tmp_path: Path) -> None:
    done = run(
        "keys", "create", "--name", "first", "--project", "shop", "--scope", "read", "--scope", "ingest"
    )
    assert done.exit_code == 0
    secret = done.stdout.removesuffix("\n")
    assert read_key(secret) is not None
    assert secret not in done.stderr
    state = State(f"sqlite:///{tmp_path / 'watchkeeper-data' / 'state.db'}")
    state.keys.start()
    principal = state.keys.authenticate(secret)
    state.close()
    assert principal is not None
    assert (principal.project, principal.scopes) == ("shop", {"ingest", "read"})


def test_keys_are_listed_and_revoked_but_never_shown(run: Run, tmp_path: Path) -> None:
    secret = run("keys", "create", "--name", "first", "--expires", "90d").stdout.strip()
    key_id = secret.removeprefix("wk_").partition(".")[0]
    listed = run("keys", "list")
    assert key_id in listed.stdout
    assert "never" in listed.stdout
    assert secret not in listed.stdout
    revoked = run("keys", "revoke", key_id)
    assert (revoked.exit_code, revoked.stdout) == (0, "")
    found = json.loads(run("keys", "list", "--format", "json").stdout)
    assert [key["id"] for key in found] == [key_id]
    assert found[0]["revoked_at"]
    assert found[0]["expires_at"]


@pytest.mark.parametrize("words", [("list",), ("revoke", "4k7mzq2f9x3c")])
def test_wrong_folder_is_said_rather_than_made(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run("keys", *words)
    assert done.exit_code == 2
    assert f"There is no data folder '{tmp_path / 'watchkeeper-data'}'." in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("create", "--name", "x", "--scope", "everything"), "There is no scope 'everything'."),
        (("create", "--name", "x", "--project", "../x"), "'../x' can't name a project."),
        (("create", "--name", ""), "can't name a key"),
        (("create", "--name", "x", "--expires", "soon"), "'soon' is no duration."),
        (("create", "--name", "x", "--state-dsn", "mysql://h/d"), "is of an unknown kind"),
        (("create", "--name", "x", "--config", "none.toml"), "'none.toml' does not exist"),
    ],
)
def test_wrong_key_is_explained_without_a_traceback(run: Run, words: tuple[str, ...], problem: str) -> None:
    done = run("keys", *words)
    assert done.exit_code in {1, 2}
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_list_of_an_unused_store_says_how_to_make_a_key(run: Run, tmp_path: Path) -> None:
    (tmp_path / "watchkeeper-data").mkdir()
    done = run("keys", "list")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "`watchkeeper keys create` makes one" in done.stderr
