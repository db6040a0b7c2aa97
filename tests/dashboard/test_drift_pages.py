"""The pages *Drift* and *Releases* against a collector that two releases were sent to."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from watchkeeper_dashboard.client import Answers, MissingError
from watchkeeper_dashboard.drifting.events import read_evidence
from watchkeeper_dashboard.drifting.newest import drift_in_words, find_newest
from watchkeeper_dashboard.drifting.words import find_spells
from watchkeeper_dashboard.units import NOTHING

from tests.collector import CollectorProcess
from tests.dashboard.conftest import open_app, send, wait_until_ready
from tests.dashboard.hostile import PAYLOADS
from tests.dashboard.releases_traffic import NEW, OLD, SPAN_COUNT, release_requests
from tests.dashboard.test_pages import button, check_is_plain, check_is_well

TIMEOUT_S = 240
PARTS = ("changes", "providers", "consistency", "baselines", "check")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with CollectorProcess(tmp_path_factory.mktemp("releases") / "data") as collector:
        wait_until_ready(collector)
        for request in release_requests(time.time_ns()):
            send(collector, request)
        path = "/api/v1/query?measures=spans&start=-4d"
        collector.until(lambda: collector.get(path)["rows"][0]["spans"] == SPAN_COUNT, TIMEOUT_S)
        yield collector


def window(start: int, answer: str = "major", by: str = "project", windows: int = 2) -> dict[str, Any]:
    return {
        "window_start": f"2026-07-01T{start:02}:00:00Z",
        "window_end": f"2026-07-01T{start + 1:02}:00:00Z",
        "answer": answer,
        "reason": f"{answer.capitalize()} drift. Because.",
        "slice_by": by,
        "slice_value": "",
        "baseline": "season",
        "windows": windows,
    }


def test_windows_on_end_are_one_change_and_a_gap_makes_two() -> None:
    found = find_spells([window(10, "minor"), window(11), window(13), window(12, "no")])
    assert [(spell.start[11:13], spell.end[11:13], spell.worst["answer"]) for spell in found] == [
        ("13", "14", "major"),
        ("10", "12", "major"),
    ]


@pytest.mark.parametrize(
    ("verdicts", "findings", "words"),
    [
        ([window(10)], ["project"], ""),
        ([window(10, windows=1)], [], "Drift of all calls: Major drift. Because."),
        ([window(11, "no"), window(10)], [], "Drift of all calls: No drift. Because."),
        ([window(11, "unknown"), window(11, "major", "model")], ["model"], "Drift of all calls: Unknown"),
        ([], [], ""),
    ],
)
def test_the_overview_says_what_drifts_still_and_else_the_verdict_in_words(
    verdicts: list[dict[str, Any]], findings: list[str], words: str
) -> None:
    answers = Answers({"drift": {"items": verdicts}, "drift_days": MissingError("An older collector.")})
    assert [one["slice_by"] for one in find_newest(answers)] == findings
    said = drift_in_words(answers)
    assert said.startswith(words) if words else not said


def test_evidence_is_read_whatever_kind_of_event_it_is_of() -> None:
    sides = {"before": {"calls": 20, "error": None}, "after": {"calls": 0.123456}}
    assert read_evidence(sides) == [
        {"name": "calls", "before": "20", "after": "0.1235"},
        {"name": "error", "before": NOTHING, "after": NOTHING},
    ]
    findings = [{"feature": "refusal", "reason": "more of them"}]
    assert read_evidence({"findings": findings})[0]["after"] == "more of them"
    assert read_evidence({"later invention": 1}) == [{"name": "later invention", "before": "", "after": "1"}]


def open_shop(shop: CollectorProcess, file: str, **parameters: str) -> AppTest:
    return open_app(shop.http, file, **{"range": "7d", **parameters})


def htmls(app: AppTest) -> str:
    return "\n".join(element.value for element in app.html)


def test_a_release_that_got_worse_fails_on_the_page_with_its_reason(shop: CollectorProcess) -> None:
    app = open_shop(shop, "releases", baseline=OLD, candidate=NEW)
    check_is_plain(app)
    assert f"Fail: {NEW} against {OLD}" in htmls(app)
    assert "answers with a code fence" in htmls(app)
    assert any(f"release:{NEW}" in block.value for block in app.code)
    assert len(app.dataframe[0].value) == 2 + len(PAYLOADS)


def test_a_release_of_any_name_is_shown_as_text_and_compared(shop: CollectorProcess) -> None:
    app = open_shop(shop, "releases", baseline=OLD, candidate=PAYLOADS[0])
    check_is_plain(app)
    assert "Cannot tell yet" in htmls(app)


def test_the_filter_narrows_releases_down_to_what_teaches(shop: CollectorProcess) -> None:
    app = open_shop(shop, "releases", filter="service:nobody")
    check_is_plain(app)
    assert "says of which release it is" in htmls(app)
    assert any("release=" in block.value for block in app.code)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_drift_is_shown(shop: CollectorProcess, part: str) -> None:
    check_is_plain(open_shop(shop, "drift", part=part))


def test_two_releases_are_checked_for_drift_and_explained(shop: CollectorProcess) -> None:
    app = open_shop(shop, "drift", part="check")
    app.segmented_control(key="candidate_kind").set_value("a release").run()
    app.segmented_control(key="baseline_kind").set_value("a release").run()
    app.selectbox(key="candidate_release").set_value(NEW)
    app.selectbox(key="baseline_release").set_value(OLD)
    button(app, "Compare").click().run()
    check_is_plain(app)
    assert "Major drift" in htmls(app)
    assert "code fence" in htmls(app)
    assert any("to the same question" in one.label for one in app.expander)


def test_a_baseline_is_kept_watched_no_more_and_removed(shop: CollectorProcess) -> None:
    app = open_shop(shop, "drift", part="baselines")
    next(text for text in app.text_input if text.label == "Name").input("*Launch* week")
    next(box for box in app.selectbox if box.label == "Release").select(OLD)
    button(app, "Keep it").click().run()
    check_is_well(app)
    (kept,) = shop.get("/api/v1/baselines")["items"]
    assert (kept["name"], kept["release"], kept["is_watched"]) == ("*Launch* week", OLD, True)
    app = open_shop(shop, "drift", part="baselines")
    check_is_plain(app)
    button(app, "Watch no more").click().run()
    (kept,) = shop.get("/api/v1/baselines")["items"]
    assert kept["is_watched"] is False
    app = open_shop(shop, "drift", part="baselines")
    button(app, "Remove").click().run()
    assert shop.get("/api/v1/baselines")["items"] == []


def test_drift_that_the_job_found_is_shown_and_becomes_an_alert(shop: CollectorProcess) -> None:
    shop.until(lambda: confirmed(shop), TIMEOUT_S)
    app = open_shop(shop, "drift")
    check_is_plain(app)
    assert "all calls: major drift" in htmls(app)
    assert "code fence" in htmls(app)
    name = next(text for text in app.text_input if text.label == "Name")
    name.input("FencesCame")
    button(app, "Make the rule").click().run()
    check_is_well(app)
    rules = shop.get("/api/v1/alerts/rules")["items"]
    (made,) = [rule for rule in rules if rule["alert"] == "FencesCame"]
    assert made["kind"] == "drift"
    labels = [link.label for link in open_shop(shop, "overview").page_link]
    assert any("Major drift" in label for label in labels)


def confirmed(shop: CollectorProcess) -> bool:
    found = shop.get("/api/v1/drift?start=-4h&slice_by=project&only_drift=true")["items"]
    return any(one["windows"] >= 2 for one in found)
