"""The command as a whole: its help, its reference, its failures."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from watchkeeper_collector.cli import main, program
from watchkeeper_collector.cli.failures import CommandFailedError
from watchkeeper_collector.cli.program import build_program
from watchkeeper_collector.errors import ConfigurationError

from scripts.cli_reference import REFERENCE, render_reference
from tests.unit.cli.conftest import Run

SLOW = {"pydantic", "sqlalchemy", "fastapi", "uvicorn", "grpc", "chdb", "clickhouse_connect", "genai_prices"}
WITHOUT_TYPER = """
import sys
sys.modules["typer"] = None  # as if it were not installed
from watchkeeper_collector.cli import main
sys.exit(main())
"""
LOADED = """
import json, sys
sys.argv = ["watchkeeper", "--help"]
from watchkeeper_collector.cli import main
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def commands(group: Any = None, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Every command with its words; groups too."""
    group = group or typer.main.get_command(build_program())
    found = []
    for name, command in group.commands.items():
        found.append(((*path, name), command))
        if hasattr(command, "commands"):
            found += commands(command, (*path, name))
    return found


def fail_with(error: Exception, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The exit status of a command that raises."""

    def raising(**_: Any) -> None:
        raise error

    monkeypatch.setattr(program, "build_program", lambda: raising)
    monkeypatch.setattr(sys, "argv", ["watchkeeper", *words])
    return main()


def test_reference_is_what_the_commands_say() -> None:
    """Otherwise: python scripts/cli_reference.py"""
    assert REFERENCE.read_text("utf-8") == render_reference()


@pytest.mark.parametrize(
    ("words", "command"), commands(), ids=lambda found: " ".join(found) if isinstance(found, tuple) else ""
)
def test_every_command_explains_itself_and_its_options(words: tuple[str, ...], command: Any) -> None:
    assert command.help
    if not hasattr(command, "commands") and words != ("version",):
        assert f"$ watchkeeper {' '.join(words)}" in command.help
    unexplained = [p.name for p in command.params if p.name != "help" and not p.help]
    assert unexplained == []


def test_help_loads_nothing_slow() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=60
    )
    assert "tail" in done.stdout
    assert set(json.loads(done.stderr)) & SLOW == set()


def test_bare_install_names_the_extra() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TYPER], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert 'pip install "watchkeeper[server]"' in done.stderr
    assert "'typer'" in done.stderr
    assert "Traceback" not in done.stderr


def test_unknown_command_and_option_are_wrong_uses(run: Run) -> None:
    for words in (("tial",), ("tail", "--flter", "x"), ("keys", "create"), ("tail", "-n", "many")):
        done = run(*words)
        assert done.exit_code == 2
        assert "Traceback" not in done.stderr
        assert "Error" in done.stderr


def test_failure_is_told_in_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = CommandFailedError("No\x1b[31m luck.", exit_code=2)
    assert fail_with(error, monkeypatch) == 2
    assert capsys.readouterr().err == "Error: No luck.\n"


def test_every_wrong_setting_keeps_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fail_with(ConfigurationError("These settings are wrong:\n  a: x\n  b: y"), monkeypatch) == 1
    assert capsys.readouterr().err == "Error: These settings are wrong:\n  a: x\n  b: y\n"


def test_unexpected_error_is_no_traceback_unless_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fail_with(ValueError("surprise"), monkeypatch) == 1
    quiet = capsys.readouterr().err
    assert "Unexpected ValueError: surprise" in quiet
    assert "Traceback" not in quiet
    assert fail_with(ValueError("surprise"), monkeypatch, "--traceback") == 1
    assert "Traceback" in capsys.readouterr().err


def test_demo_is_for_this_machine_alone(run: Run, tmp_path: Path) -> None:
    done = run("up", "--demo", "--host", "0.0.0.0", "--data", str(tmp_path / "data"))
    assert done.exit_code == 2
    assert "this machine alone" in done.stderr
    assert not (tmp_path / "data").exists()


def test_wrong_settings_of_a_collector_are_said_all_at_once(run: Run) -> None:
    done = run("collector", "--http-port", "99999", "--grpc-port", "-1")
    assert done.exit_code == 1
    assert "http_port" in done.stderr
    assert "grpc_port" in done.stderr
    assert "Traceback" not in done.stderr


def test_dry_run_of_migrate_prints_the_sql_and_makes_nothing(run: Run, tmp_path: Path) -> None:
    done = run("migrate", "--dry-run")
    assert done.exit_code == 0
    assert "CREATE TABLE IF NOT EXISTS watchkeeper.spans" in done.stdout
    assert "migrations to apply" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_version_names_what_it_stands_on(run: Run) -> None:
    lines = run("version").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        "watchkeeper",
        "python",
        "chdb",
        "clickhouse-connect",
        "genai-prices",
        "opentelemetry-sdk",
    ]


def test_no_collector_is_said_in_two_lines(run: Run) -> None:
    for words in (("tail",), ("query", "calls"), ("prices", "list"), ("dead-letters", "list")):
        done = run(*words, "--url", "http://127.0.0.1:9")
        assert done.exit_code == 1
        assert done.stderr.startswith("Error: No collector answers at http://127.0.0.1:9")
        assert len(done.stderr.splitlines()) <= 2
        assert done.stdout == ""
