"""Releases compared over both kinds of engine."""

from collections.abc import Iterator
from typing import Any

import pytest
from watchkeeper_collector.drift.gate_policy import Policy, read_policy
from watchkeeper_collector.drift.release_comparison import compare_releases
from watchkeeper_collector.drift.releases import list_releases
from watchkeeper_collector.drift.sides import Comparison, Side
from watchkeeper_collector.query.source import Slice

from tests.drift import Calls, open_calls, some

QUIET = Policy(text="ignore")
UNITS = 1_200


@pytest.fixture(scope="module")
def embedded(engine_dsn: str) -> Iterator[Calls]:
    with open_calls(engine_dsn, "release_comparison") as opened:
        yield opened


@pytest.fixture(scope="module")
def served(server_dsn: str) -> Iterator[Calls]:
    with open_calls(server_dsn, "release_comparison") as opened:
        yield opened


@pytest.fixture(params=["embedded", pytest.param("served", marks=pytest.mark.campaign)])
def calls(request: pytest.FixtureRequest) -> Calls:
    """The embedded engine; in a campaign, the server too."""
    return cleared(request)


@pytest.fixture(params=["embedded", "served"])
def each_engine(request: pytest.FixtureRequest) -> Calls:
    """For a test of each kind of answer: what the SQL is made of."""
    return cleared(request)


def cleared(request: pytest.FixtureRequest) -> Calls:
    opened: Calls = request.getfixturevalue(request.param)
    opened.clear()
    opened.store.command(f"TRUNCATE TABLE {opened.source.database}.scores")
    return opened


def release(name: str, units: int = UNITS, **columns: Any) -> list[dict[str, Any]]:
    usual = {
        "Duration": [1_000_000_000 + 1_000_000 * (place % 97) for place in range(units)],
        "CostUsd": [0.01 + 0.0001 * (place % 13) for place in range(units)],
        "OutputTokens": [200 + place % 31 for place in range(units)],
        "InputTokens": [900 + place % 41 for place in range(units)],
    }
    return some(units, Release=name, **{**usual, **columns})


def compare(calls: Calls, policy: Policy = QUIET, *, filter_: str = "") -> dict[str, Any]:
    sides = (Side(Slice("shop", filter=filter_), {"release": name}) for name in ("1.4", "1.5"))
    return compare_releases(Comparison(calls.source, *sides), policy)


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {one["measure"]: one["verdict"] for one in found["measures"]}


def test_a_release_that_is_like_the_one_before_passes(calls: Calls) -> None:
    calls.put(release("1.4"), release("1.5"))
    found = compare(calls)
    assert found["verdict"] == "pass", found["reason"]
    assert set(verdicts(found).values()) == {"pass"}
    assert {"error_rate", "latency_ms", "cost_usd", "refusal_rate", "output_tokens"} <= set(verdicts(found))


def test_a_release_that_fails_and_costs_more_fails_for_both(calls: Calls) -> None:
    calls.put(
        release("1.4"),
        release(
            "1.5",
            IsError=[place % 10 == 0 for place in range(UNITS)],
            CostUsd=[0.02 + 0.0001 * (place % 13) for place in range(UNITS)],
        ),
    )
    found = compare(calls)
    failed = {name for name, verdict in verdicts(found).items() if verdict == "fail"}
    assert found["verdict"] == "fail"
    assert failed == {"error_rate", "cost_usd"}
    assert "calls that fail: 0.0 % → 10.0 %" in found["reason"]


def test_too_little_traffic_cannot_be_told_and_says_how_much_is_missing(calls: Calls) -> None:
    calls.put(release("1.4"), release("1.5", units=30))
    found = compare(calls)
    assert (found["verdict"], found["after_units"]) == ("unknown", 30)
    assert found["needs"] >= 20
    assert compare(calls, filter_="model:nothing")["verdict"] == "unknown"


def test_a_session_is_one_unit_however_many_calls_it_has(calls: Calls) -> None:
    """Ten calls that fail together are one failure."""
    sessions = [f"s{place // 10}" for place in range(600)]
    failing = [place < 50 for place in range(600)]
    calls.put(
        release("1.4", 600, SessionId=[f"old-{name}" for name in sessions]),
        release("1.5", 600, SessionId=sessions, IsError=failing),
    )
    found = compare(calls)
    assert (found["before_units"], found["after_units"]) == (60, 60)
    assert verdicts(found)["error_rate"] == "unknown"


def test_a_shift_of_traffic_is_no_change_of_the_release(calls: Calls) -> None:
    """The slow feature has more of the new release's traffic: each is as slow as before."""
    slow, quick = (
        {"Feature": "report", "Duration": 9_000_000_000},
        {"Feature": "chat", "Duration": 900_000_000},
    )
    calls.put(
        release("1.4", 900, **quick), release("1.4", 300, **slow),
        release("1.5", 300, **quick), release("1.5", 900, **slow),
    )  # fmt: skip
    assert verdicts(compare(calls))["latency_ms"] == "pass"


def test_scores_of_a_release_are_compared(each_engine: Calls) -> None:
    rows = {name: release(name) for name in ("1.4", "1.5")}
    each_engine.put(*rows.values())
    columns = ("Id", "Project", "Name", "Value", "TraceId", "Timestamp", "EventDay")
    for name, shift in (("1.4", 0.0), ("1.5", -0.2)):
        values = [
            ["shop", "helpful", 0.5 + 0.01 * (place % 20) + shift, *(row[column] for column in columns[4:])]
            for place, row in enumerate(rows[name])
        ]
        numbered = [[f"{name}-{place}", *row] for place, row in enumerate(values)]
        each_engine.store.insert("scores", list(columns), numbered, database=each_engine.source.database)
    found = compare(each_engine)
    assert verdicts(found)["score.helpful"] == "fail"
    assert verdicts(compare(each_engine, read_policy({"scores": {"helpful": False}, "text": "ignore"}))) == {
        name: "pass" for name in verdicts(found) if name != "score.helpful"
    }


def test_answers_that_read_differently_are_told_and_fail_only_if_asked(each_engine: Calls) -> None:
    plain = {"Input": "Write it", "Output": [f"def f{place}(): return {place}" for place in range(400)]}
    fenced = {**plain, "Output": [f"```python\n{text}\n```" for text in plain["Output"]]}
    each_engine.put(release("1.4", 400, **plain), release("1.5", 400, **fenced))
    policy = read_policy({"measures": dict.fromkeys(("error_rate", "empty_rate", "refusal_rate"), False)})
    found = compare(each_engine, policy)
    assert found["text"]["verdict"] == "warn"
    assert any("```" in part["text"] for part in found["text"]["explanation"]["more"])
    strict = compare(each_engine, read_policy({"text": "fail"}))
    assert strict["verdict"] == "fail"


def test_releases_are_listed_with_how_they_do(each_engine: Calls) -> None:
    each_engine.put(
        release("1.4", 100),
        [{**row, "Timestamp": row["Timestamp"] + 10**12} for row in release("1.5", 50, IsError=True)],
        some(10),
    )
    newest, oldest = list_releases(each_engine.source, Slice("shop"))
    assert (newest["release"], newest["call_count"], newest["error_rate"]) == ("1.5", 50, 1.0)
    assert (oldest["release"], oldest["unit_count"], oldest["error_rate"]) == ("1.4", 100, 0.0)
    assert oldest["cost_usd"] > 1
    assert list_releases(each_engine.source, Slice("other")) == []
