"""`watchkeeper export`, in front of an API that answers what the test says."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.cli.conftest import Api, Run

CSV = b'"trace_id","cost_usd"\n"a1",0.5\n'


def asked(api: Api) -> dict[str, list[str]]:
    return parse_qs(urlsplit(api.seen[-1][1]).query)


def test_a_file_is_what_the_api_sends(run: Run, api: Api, tmp_path: Path) -> None:
    api.answer(200, CSV, **{"x-watchkeeper-rows": "1"})
    result = run(
        "export", "--filter", "status:error", "--since", "2026-11-20", "-o", "out.csv", "--url", api.url
    )
    assert (result.exit_code, result.stderr) == (0, f"Wrote {len(CSV)} bytes to out.csv.\n")
    assert (tmp_path / "out.csv").read_bytes() == CSV
    assert asked(api) == {
        "what": ["spans"],
        "format": ["csv"],
        "filter": ["status:error"],
        "start": ["2026-11-20T00:00:00+00:00"],
    }


def test_without_a_file_it_goes_to_standard_output(run: Run, api: Api) -> None:
    api.answer(200, b'{"id": "k1"}\n')
    result = run("export", "scores", "--format", "jsonl", "--url", api.url)
    assert (result.exit_code, result.stdout) == (0, '{"id": "k1"}\n')
    assert asked(api) == {"what": ["scores"], "format": ["jsonl"]}


@pytest.mark.parametrize(("name", "form"), [("a.parquet", "parquet"), ("a.JSONL", "jsonl"), ("a.txt", "csv")])
def test_the_name_of_the_file_says_of_which_kind_it_is(run: Run, api: Api, name: str, form: str) -> None:
    api.answer(200, b"")
    assert run("export", "-o", name, "--with-content", "--url", api.url).exit_code == 0
    assert asked(api)["format"] == [form]
    assert asked(api)["with_content"] == ["true"]


def test_a_download_that_breaks_off_leaves_no_file(run: Run, api: Api, tmp_path: Path) -> None:
    api.answer(200, CSV, **{"content-length": "1000"})
    result = run("export", "-o", "out.csv", "--url", api.url)
    assert result.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_is_said_and_leaves_the_old_file(run: Run, api: Api, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("old")
    api.answer(400, {"error": {"code": "invalid_query", "message": "Filter, column 1: no.", "details": {}}})
    result = run("export", "--filter", "x:", "-o", "out.csv", "--url", api.url)
    assert (result.exit_code, result.stderr) == (2, "Error: Filter, column 1: no.\n")
    assert (tmp_path / "out.csv").read_text() == "old"


def test_a_folder_that_is_not_there_is_said(run: Run, api: Api) -> None:
    api.answer(200, CSV)
    result = run("export", "-o", "nowhere/out.csv", "--url", api.url)
    assert result.exit_code == 1
    assert "'nowhere/out.csv' can't be written" in result.stderr
