"""What a person reads when a collector starts."""

import sys
from pathlib import Path

import pytest
from watchkeeper_collector.cli.banner import find_program, print_banner, render_command
from watchkeeper_collector.serving import Addresses
from watchkeeper_collector.settings import Settings

ADDRESSES = Addresses("http://127.0.0.1:4318", "127.0.0.1:4317")


def test_banner_says_where_to_send_and_where_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    print_banner(Settings(data_dir=Path("here")), ADDRESSES, "watchkeeper")
    captured = capsys.readouterr()
    assert captured.out == ""
    for line in (
        "  export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318",
        "  export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
        "  watchkeeper tail",
        "  OTLP over gRPC        127.0.0.1:4317",
        f"  Data                  {Path('here').absolute()}",
    ):
        assert line in captured.err.splitlines()
    assert "Ctrl-C" in captured.err


def test_banner_tells_no_password(capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(dsn="clickhouse://watch:secret@db.example:8123/watchkeeper")
    print_banner(settings, ADDRESSES, "watchkeeper")
    said = capsys.readouterr().err
    assert "db.example:8123/watchkeeper" in said
    assert "secret" not in said


def test_command_names_an_address_that_is_not_the_usual() -> None:
    assert (
        render_command("watchkeeper", "http://127.0.0.1:4318", "query", "calls by model")
        == "watchkeeper query 'calls by model'"
    )
    assert (
        render_command("watchkeeper", "http://127.0.0.1:9", "tail")
        == "watchkeeper tail --url http://127.0.0.1:9"
    )


def test_program_that_the_shell_does_not_find_is_named_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setattr(sys, "argv", [str(tmp_path / ".venv" / "bin" / "watchkeeper")])
    assert find_program() == ".venv/bin/watchkeeper"


def test_program_that_the_shell_finds_is_called_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "watchkeeper"
    program.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [str(program)])
    assert find_program() == "watchkeeper"
    monkeypatch.setattr(sys, "argv", ["/somewhere/watchkeeper_collector/__main__.py"])
    assert find_program() == "watchkeeper"
