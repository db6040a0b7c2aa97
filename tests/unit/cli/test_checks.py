"""What the doctor makes of what it is told."""

import socket
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from watchkeeper_collector.cli import checks
from watchkeeper_collector.cli.findings import Finding, Verdict, is_healthy, note, render_finding, well, wrong

HEALTHY: dict[str, Any] = {
    "version": "0.1.0",
    "store": {
        "is_ready": True,
        "is_reachable": True,
        "is_embedded": True,
        "problem": "",
        "engine_version": "26.9.1",
        "schema_version": "0002_prices",
        "tables": [{"name": "spans", "rows": 3, "bytes_on_disk": 2048}],
        "unpriced_calls": 0,
    },
    "state": {"is_reachable": True, "problem": ""},
    "spool": {
        "segments": 1,
        "size_bytes": 1000,
        "quota_bytes": 10_000,
        "oldest_age_s": 0.2,
        "dead_letters": 0,
        "last_failure": "",
        "drained_items": 12,
    },
    "workers": {"prices": {"last_error": ""}},
}
CHECKS = (
    checks.check_store,
    checks.check_state,
    checks.check_spool,
    checks.check_dead_letters,
    checks.check_workers,
    checks.check_prices,
)


def findings(**changes: Any) -> list[Finding]:
    """Of the healthy status with some values changed: ``store__is_ready=False``."""
    status = deepcopy(HEALTHY)
    for path, value in changes.items():
        part, _, name = path.partition("__")
        status[part][name] = value
    return [finding for check in CHECKS for finding in check(status)]


def verdicts(found: Iterable[Finding]) -> dict[str, Verdict]:
    return {finding.subject: finding.verdict for finding in found}


def test_healthy_collector_is_well() -> None:
    assert set(verdicts(findings()).values()) == {Verdict.WELL}


@pytest.mark.parametrize(
    ("subject", "changes"),
    [
        ("store", {"store__is_reachable": False, "store__problem": "refused"}),
        ("store", {"store__is_ready": False, "store__problem": "being opened"}),
        ("state", {"state__is_reachable": False, "state__problem": "refused"}),
        ("spool", {"spool__last_failure": "code 241"}),
        ("spool", {"spool__size_bytes": 9_000}),
        ("spool", {"spool__oldest_age_s": 3_600.0}),
        ("dead letters", {"spool__dead_letters": 2}),
        ("prices", {"workers__prices": {"last_error": "timeout"}}),
    ],
)
def test_each_illness_is_found_with_advice(subject: str, changes: dict[str, Any]) -> None:
    found = findings(**changes)
    assert [f.subject for f in found if f.verdict is Verdict.WRONG] == [subject]
    assert all(f.advice for f in found if f.verdict is Verdict.WRONG)


def test_missing_prices_are_worth_a_note() -> None:
    found = findings(store__unpriced_calls=1200)
    assert verdicts(found)["costs"] is Verdict.NOTE
    assert is_healthy(found)


@pytest.mark.parametrize(
    ("ahead_s", "verdict"), [(0.4, Verdict.WELL), (-90, Verdict.WRONG), (3600, Verdict.WRONG)]
)
def test_clocks_must_agree(ahead_s: float, verdict: Verdict) -> None:
    assert verdicts(checks.check_clock(ahead_s)) == {"clock": verdict}


def test_other_version_is_worth_a_note() -> None:
    assert verdicts(checks.check_version({"version": "99.0"})) == {"version": Verdict.NOTE}


def test_taken_port_is_told_from_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert verdicts(checks.check_port("127.0.0.1", port)) == {"port": Verdict.WRONG}
    assert verdicts(checks.check_port("127.0.0.1", port)) == {"port": Verdict.WELL}


def test_disk_smaller_than_the_spool_may_grow_is_worth_a_note(tmp_path: Path) -> None:
    assert verdicts(checks.check_disk(tmp_path, 1 << 60))["disk"] is not Verdict.WELL


def test_findings_are_one_line_and_one_of_advice() -> None:
    assert render_finding(well("store", "Fine\x1b[2J.")) == ["ok     store          Fine."]
    assert len(render_finding(wrong("store", "Away.", "Start it."))) == 2
    assert not is_healthy([wrong("store", "Away.", "Start it.")])
    assert is_healthy([well("a", "b"), note("c", "d")])
