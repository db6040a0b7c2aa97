"""`watchkeeper query`, in front of an API that answers what the test says."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.cli.conftest import Api, Run

COST = {"name": "cost_usd", "unit": "usd", "description": ""}
CALLS = {"name": "calls", "unit": "count", "description": ""}
TABLE: dict[str, Any] = {
    "step_s": None,
    "dimensions": ["model"],
    "measures": [COST, CALLS],
    "rows": [
        {"model": "gpt-5-mini-2025-08-07", "cost_usd": 12.5, "calls": 1234},
        {"model": "", "cost_usd": None, "calls": 2},
    ],
    "is_truncated": False,
}
SERIES = TABLE | {
    "step_s": 3600,
    "dimensions": [],
    "measures": [CALLS],
    "rows": [
        {"time": "2026-11-25T10:00:00.000000000Z", "calls": 3},
        {"time": "2026-11-25T11:00:00.000000000Z", "calls": 0},
    ],
}


def test_question_reaches_the_api_as_parameters(run: Run, api: Api) -> None:
    api.answer(200, TABLE)
    run("query", "cost_usd, calls by model where status:error last 7d limit 5", "--url", api.url)
    _, path, _, _ = api.seen[0]
    assert parse_qs(urlsplit(path).query) == {
        "measures": ["cost_usd", "calls"],
        "by": ["model"],
        "filter": ["status:error"],
        "start": ["-7d"],
        "end": ["now"],
        "limit": ["5"],
    }


def test_table_shows_numbers_by_their_unit(run: Run, api: Api) -> None:
    api.answer(200, TABLE)
    result = run("query", "cost_usd,", "calls", "by", "model", "--url", api.url)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "MODEL                  COST_USD  CALLS",
        "gpt-5-mini-2025-08-07  $12.5000  1,234",
        "-                             -      2",
    ]


def test_series_shows_the_start_of_each_interval(run: Run, api: Api) -> None:
    api.answer(200, SERIES)
    assert run("query", "calls step 1h", "--url", api.url).stdout.splitlines() == [
        "TIME              CALLS",
        "2026-11-25 10:00      3",
        "2026-11-25 11:00      0",
    ]


def test_json_is_the_apis_answer(run: Run, api: Api) -> None:
    api.answer(200, TABLE)
    assert json.loads(run("query", "cost_usd", "--format", "json", "--url", api.url).stdout) == TABLE


def test_csv_is_the_apis_own(run: Run, api: Api) -> None:
    api.answer(200, b"model,cost_usd\ngpt-5,1.5\n")
    assert (
        run("query", "cost_usd by model", "--format", "csv", "--url", api.url).stdout
        == "model,cost_usd\ngpt-5,1.5\n"
    )
    assert api.seen[0][2]["accept"] == "text/csv"


def test_more_groups_than_shown_are_mentioned_beside_the_output(run: Run, api: Api) -> None:
    api.answer(200, TABLE | {"is_truncated": True})
    result = run("query", "cost_usd by model", "--url", api.url)
    assert "higher `limit`" in result.stderr
    assert "limit" not in result.stdout


@pytest.mark.parametrize("form", ["table", "json"])
def test_hostile_names_do_not_reach_the_terminal(run: Run, api: Api, form: str) -> None:
    rows = [{"model": "\x1b]0;owned\x07gpt\x9b31m", "cost_usd": 1, "calls": 1}]
    api.answer(200, TABLE | {"rows": rows})
    out = run("query", "cost_usd by model", "--format", form, "--url", api.url).stdout
    assert "gpt" in out
    assert not any(char in out for char in "\x1b\x07\x9b")
