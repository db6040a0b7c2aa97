"""`watchkeeper prices`, in front of an API that answers what the test says."""

import json
from typing import Any

import pytest

from tests.unit.cli.conftest import Api, Run

PRICE: dict[str, Any] = {
    "source": "catalogue",
    "project": None,
    "provider": "anthropic",
    "model": "claude-sonnet-4-5",
    "service_tier": "",
    "valid_from": "1970-01-01T00:00:00Z",
    "steps": [
        {"usd_per_million": {"input_tokens": 3.0, "output_tokens": 15.0}, "from_input_tokens": 0},
        {"usd_per_million": {"input_tokens": 6.0, "output_tokens": 22.5}, "from_input_tokens": 200_000},
    ],
}
UNPRICED = {
    "provider": "vllm",
    "model": "shop-intent-7b",
    "reason": "no_price",
    "calls": 1234,
    "input_tokens": None,
    "output_tokens": 5,
}
ESTIMATE = {"calls": 100, "changed_calls": 7, "stored_usd": None, "repriced_usd": 0.5}


def answer_list(api: Api, *items: Any) -> None:
    api.answer(200, {"items": items, "next_cursor": None})


def test_prices_are_listed_with_every_step(run: Run, api: Api) -> None:
    answer_list(api, PRICE, PRICE | {"source": "override", "valid_from": "2026-11-01T00:00:00Z"})
    rows = run("prices", "list", "--provider", "anthropic", "--url", api.url).stdout.splitlines()[1:]
    assert "input 3, output 15; input 6, output 22.5 from 200,000 tokens" in rows[0]
    assert rows[0].split()[-2:] == ["always", "catalogue"]
    assert rows[1].split()[-2:] == ["2026-11-01", "you"]
    assert "provider=anthropic" in api.seen[0][1]


def test_unpriced_models_say_why_and_what_to_do(run: Run, api: Api) -> None:
    answer_list(api, UNPRICED)
    done = run("prices", "unpriced", "--url", api.url)
    assert done.stdout.splitlines()[1].split()[:5] == ["vllm", "shop-intent-7b", "1,234", "-", "5"]
    assert "nobody knows a price" in done.stdout
    assert "prices set PROVIDER MODEL" in done.stderr


def test_nothing_unpriced_is_said_beside_the_output(run: Run, api: Api) -> None:
    answer_list(api)
    done = run("prices", "unpriced", "--since", "7d", "--url", api.url)
    assert (done.stdout, done.stderr) == ("", "Every call since 7d has a cost.\n")


def test_price_is_set_for_the_units_that_were_given(run: Run, api: Api) -> None:
    answer_list(api, PRICE)
    words = ("vllm", "m", "--input", "0.05", "--cache-read", "0", "--tier", "batch", "--since", "2026-11-01")
    done = run("prices", "set", *words, "--url", api.url)
    method, path, _, body = api.seen[0]
    assert (done.exit_code, method, path) == (0, "PUT", "/api/v1/prices")
    assert json.loads(body) == {
        "provider": "vllm",
        "model": "m",
        "steps": [{"usd_per_million": {"input_tokens": 0.05, "cache_read_tokens": 0.0}}],
        "service_tier": "batch",
        "valid_from": "2026-11-01T00:00:00+00:00",
    }
    assert "prices reprice" in done.stderr


def test_price_is_removed_by_its_names(run: Run, api: Api) -> None:
    api.answer(204, b"")
    run("prices", "remove", "vllm", "a/b c", "--url", api.url)
    assert api.seen[0][:2] == ("DELETE", "/api/v1/prices?provider=vllm&model=a%2Fb+c")


def test_repricing_waits_until_it_is_done(run: Run, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchkeeper_collector.cli.prices.POLL_S", 0)
    progress = iter([False, False, True])
    api.answer_by(
        lambda path: (
            {"is_done": next(progress), "parts_left": 1, "failure": ""}
            if path.endswith("/abc")
            else {"id": "abc", "estimate": ESTIMATE}
        )
    )
    done = run("prices", "reprice", "--since", "7d", "--url", api.url)
    assert done.stderr == "7 of 100 calls change: $0.00 becomes $0.5000.\nDone.\n"
    assert len(api.seen) == 4


def test_dry_run_only_says_what_would_change(run: Run, api: Api) -> None:
    api.answer(202, {"id": None, "estimate": ESTIMATE})
    done = run("prices", "reprice", "--dry-run", "--url", api.url)
    assert done.stderr == "7 of 100 calls would change: $0.00 becomes $0.5000.\n"
    assert json.loads(api.seen[0][3])["dry_run"] is True


def test_engines_complaint_ends_the_wait(run: Run, api: Api) -> None:
    api.answer_by(
        lambda path: (
            {"is_done": False, "parts_left": 1, "failure": "memory limit"}
            if path.endswith("/abc")
            else {"id": "abc", "estimate": ESTIMATE}
        )
    )
    done = run("prices", "reprice", "--url", api.url)
    assert done.exit_code == 1
    assert "memory limit" in done.stderr


def test_window_must_not_end_before_it_starts(run: Run, api: Api) -> None:
    assert run("prices", "reprice", "--since", "1h", "--until", "2h", "--url", api.url).exit_code == 2
    assert api.seen == []
