"""The benchmarks' command line and their tables; what they measure is not a matter of tests."""

import json

import pytest
from typer.testing import CliRunner

from benchmarks.machine import Machine
from benchmarks.program import build_program
from benchmarks.report import Report, Table, render_json, render_markdown, render_number

PROGRAMS = ("alerts", "ingest", "million", "queries", "settle", "stages", "start")
MACHINE = Machine("a processor", 2, 8, "ext4", "Linux 6", "3.11.7", "4.4", "abc", 0.25, 12_345)
REPORT = Report(
    MACHINE, [Table("Rates", ("server", "spans/s"), [["ours", 20_123.4], ["other", None]])], ["So it is."]
)


@pytest.mark.parametrize("name", PROGRAMS)
def test_help_shows_how_to_call_it(name: str) -> None:
    done = CliRunner().invoke(build_program(), [name, "--help"])
    assert done.exit_code == 0
    assert f"$ python -m benchmarks {name}" in done.output
    assert "--markdown" in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["ingest", "--spans", "0"],
        ["ingest", "--transport", "udp"],
        ["ingest", "--connections", "1000"],
        ["million", "--spans", "1000000000"],
        ["queries", "--repeats", "1"],
        ["settle", "--traces", "many"],
        ["stages", "--requests", "0"],
        ["start", "--folder", "no-such-folder"],
    ],
)
def test_arguments_out_of_bounds_are_refused(arguments: list[str]) -> None:
    assert CliRunner().invoke(build_program(), arguments).exit_code == 2


def test_markdown_names_the_machine_below_the_table() -> None:
    table, note, machine = render_markdown(REPORT).rsplit("\n\n", 2)
    assert table.splitlines() == [
        "**Rates**",
        "",
        "| server | spans/s |",
        "| --- | --- |",
        "| ours | 20,123 |",
        "| other | - |",
    ]
    assert note == "So it is."
    assert machine == f"Measured on {MACHINE.render()}."
    assert "2 cores (a processor), 8 GiB" in machine
    assert machine.endswith("calibration 12,345 µs.")


def test_json_holds_the_figures_unrounded() -> None:
    content = json.loads(render_json(REPORT))
    assert content["tables"][0]["rows"][0] == {"server": "ours", "spans/s": 20_123.4}
    assert content["machine"]["calibration_us"] == 12_345


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (1_234, "1,234"), (0.01234, "0.0123"), (99.96, "100"), (1234.6, "1,235")]
)
def test_number_has_three_digits(value: float, text: str) -> None:
    assert render_number(value) == text
