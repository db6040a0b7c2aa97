"""The job: which windows it checks, against what, what it keeps, and which events it tells."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from watchkeeper_collector.drift.consistency import measure_consistency
from watchkeeper_collector.drift.events import Event, read_events
from watchkeeper_collector.drift.results import Result, newest_results, read_results
from watchkeeper_collector.drift.worker import DriftWorker
from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.source import DAY_NS, Slice
from watchkeeper_collector.query.times import SECOND_NS, Window

from tests.drift import HOUR_NS, Calls, hour, open_calls, some
from tests.query import NOON, NOON_NS

WEEK_HOURS = 7 * 24


@pytest.fixture(scope="module")
def calls(engine_dsn: str) -> Iterator[Calls]:
    with open_calls(engine_dsn, "drift_job") as opened:
        yield opened


@pytest.fixture(autouse=True)
def _empty(calls: Calls) -> None:
    calls.clear()


def fences(units: int, at: int, share: float, **columns) -> list:
    return some(units, at, HasCodeFence=[place < share * units for place in range(units)], **columns)


def run(calls: Calls, at: int, watched=()) -> int:
    """A round three minutes after that hour."""
    worker = DriftWorker(calls.source, calls.store, lambda _: watched, most_windows=50)
    checked = worker.run_round(NOON_NS + (at + 1) * HOUR_NS + 180 * SECOND_NS)
    assert not worker.status.failed_windows, worker.status.last_error
    return checked


def whole(calls: Calls, at: int, baseline: str = "") -> list:
    equal = {"slice_by": "project", "feature": ""} | ({"baseline": baseline} if baseline else {})
    end_ns = hour(at).end_ns or 0
    return read_results(calls.source, "shop", since_ns=end_ns - 1, until_ns=end_ns, equal=equal)


def test_a_window_is_checked_once_and_again_when_calls_come_late(calls: Calls) -> None:
    calls.put(fences(220, 0, 0.1), fences(220, 1, 0.1))
    assert [run(calls, 1), run(calls, 1)] == [2, 0]
    calls.put(fences(220, 1, 1.0))
    assert run(calls, 1) == 1
    (result,) = whole(calls, 1)
    assert (result.answer, result.calls) == ("major", 440)


def test_a_window_that_is_not_over_is_not_checked(calls: Calls) -> None:
    calls.put(fences(220, 0, 0.1), fences(220, 1, 0.1))
    worker = DriftWorker(calls.source, calls.store, lambda _: ())
    assert worker.run_round(NOON_NS + 2 * HOUR_NS + 60 * SECOND_NS) == 1


def test_what_is_due_is_checked_some_windows_at_a_time_the_oldest_first(calls: Calls) -> None:
    calls.put(*(some(60, at) for at in range(3)))
    worker = DriftWorker(calls.source, calls.store, lambda _: (), most_windows=2)
    now_ns = NOON_NS + 4 * HOUR_NS
    assert worker.run_round(now_ns) == 2
    assert [len(whole(calls, at)) for at in range(3)] == [1, 1, 0]
    assert [worker.run_round(now_ns), worker.run_round(now_ns)] == [1, 0]


def test_the_season_is_the_baseline_once_it_is_known(calls: Calls) -> None:
    """Every week at this hour there are fences, and never in the hour before."""
    for week in (-3, -2, -1):
        calls.put(fences(110, week * WEEK_HOURS, 0.9))
    calls.put(fences(300, -1, 0.0), fences(250, 0, 0.9))
    run(calls, 0)
    (result,) = whole(calls, 0)
    assert (result.baseline, result.answer) == ("season", "no")


@dataclass(frozen=True)
class Story:
    """What was found as the hours of one story passed: fences are rare, usual twice, and rare again."""

    wholes: list[Result]
    newest: list[Result]
    newest_days_later: list[Result]
    events_after_one_window: list[Event]
    events: list[Event]


@pytest.fixture(scope="module")
def story(calls: Calls) -> Story:
    """Four hours, checked once for all that is asked of them."""
    calls.clear()
    calls.put(fences(250, 0, 0.1), fences(250, 1, 0.9))
    run(calls, 1)
    events_after_one_window = read_events(calls.source, "shop", window=Window())
    calls.put(fences(250, 2, 0.9))
    run(calls, 2)
    newest = newest_results(calls.source, "shop", NOON_NS + 3 * HOUR_NS + 240 * SECOND_NS, 2)
    later = newest_results(calls.source, "shop", NOON_NS + 5 * DAY_NS, 2)
    calls.put(fences(250, 3, 0.1))
    run(calls, 3)
    events = read_events(calls.source, "shop", window=Window())
    return Story([whole(calls, at)[0] for at in range(4)], newest, later, events_after_one_window, events)


def test_what_drifted_is_no_baseline_of_what_comes_after(story: Story) -> None:
    assert [one.answer for one in story.wholes] == ["unknown", "major", "major", "no"]
    assert [one.windows for one in story.wholes] == [0, 1, 2, 0]


def test_alert_rules_get_the_newest_windows_of_each_series(story: Story) -> None:
    model = [one for one in story.newest if (one.slice_by, one.feature) == ("model", "code_fence")]
    assert [(one.answer, one.windows) for one in model] == [("major", 2), ("major", 1)]
    assert story.newest_days_later == []


def test_answers_that_change_without_a_word_are_an_event_in_the_second_window(story: Story) -> None:
    assert story.events_after_one_window == []
    (event,) = [one for one in story.events if one.timestamp == NOON + timedelta(hours=1)]
    assert (event.kind, event.model) == ("answers", "gpt-4")
    assert "code fence" in str(event.evidence)
    assert story.events == [event]


@dataclass(frozen=True)
class Saved:
    id: str = "b1"
    filter: str = ""
    release: str = ""
    start_at: datetime | None = None
    end_at: datetime | None = None


def test_a_watched_baseline_is_compared_beside_the_usual_one(calls: Calls) -> None:
    calls.put(fences(250, 0, 0.1, Release="1.4"), fences(250, 1, 0.9, Release="1.5"))
    calls.put(fences(250, 2, 0.9, Release="1.5"))
    run(calls, 2, [Saved(release="1.4")])
    assert [one.answer for one in whole(calls, 2, "b1")] == ["major"]


def test_a_watched_baseline_without_an_end_accepts_a_change(calls: Calls) -> None:
    calls.put(fences(250, 0, 0.1), fences(250, 1, 0.9), fences(250, 2, 0.9))
    run(calls, 2, [Saved(start_at=NOON + timedelta(hours=1))])
    assert whole(calls, 2, "rolling")[0].answer == "no"


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("response_model", {"ResponseModel": "gpt-4-0314"}, {"ResponseModel": "gpt-4-0613"}),
        ("fingerprint", {"SystemFingerprint": "fp_a"}, {"SystemFingerprint": "fp_b"}),
        (
            "api_version",
            {"SpanAttributes": {"gen_ai.openai.api_version": "2024-02-01"}},
            {"SpanAttributes": {"gen_ai.openai.api_version": "2024-06-01"}},
        ),
    ],
)
def test_what_a_provider_changes_is_an_event_with_evidence(calls: Calls, kind, before, after) -> None:
    calls.put(some(40, 0, OutputChars=100, **before), some(10, 1, OutputChars=300, **after))
    run(calls, 1)
    run(calls, 1)
    (event,) = read_events(calls.source, "shop", window=Window())
    assert (event.kind, event.model, event.calls) == (kind, "gpt-4", 10)
    assert event.before in str(before)
    assert event.after in str(after)
    looks = event.evidence
    assert (looks["before"]["output_chars"], looks["after"]["output_chars"]) == (100, 300)


def test_a_model_that_nobody_asked_before_is_no_change(calls: Calls) -> None:
    calls.put(some(40, 0), some(40, 1), some(40, 1, RequestModel="gpt-5", ResponseModel="gpt-5-1"))
    run(calls, 1)
    assert read_events(calls.source, "shop", window=Window()) == []


def test_consistency_is_how_alike_answers_to_one_input_are(calls: Calls) -> None:
    """Two inputs of four answers: all equal, and two pairs; a third input that was given once."""
    same = some(4, 0, InputHash=1, OutputHash=7, OutputShingles=[[1, 2, 3]] * 4, Release="1")
    pairs = some(4, 0, InputHash=2, OutputHash=[8, 8, 9, 9], Release="1",
                 OutputShingles=[[1, 2], [1, 2], [1, 3], [1, 3]])  # fmt: skip
    calls.put(same, pairs, some(1, 0, InputHash=3, OutputHash=5, Release="1"))
    (point,) = measure_consistency(calls.source, Slice("shop", hour(0)), by="release")
    assert (point.part, point.inputs, point.answers) == ("1", 2, 8)
    assert point.exact == pytest.approx((1 + 2 / 6) / 2)
    assert point.similarity == pytest.approx((1 + (2 + 4 / 3) / 6) / 2)
    assert point.json is None


def test_json_answers_agree_where_their_documents_do(calls: Calls) -> None:
    texts = ['{"a": 1, "b": 2}', '{"b":2,"a":1}', '{"a": 1, "b": 3}']
    calls.put(some(3, 0, InputHash=1, OutputHash=[1, 2, 3], IsJson=True, Output=texts))
    (point,) = measure_consistency(calls.source, Slice("shop", hour(0)))
    assert point.json == pytest.approx(1 / 3)


def test_other_parameters_are_another_input(calls: Calls) -> None:
    for heat in ("0", "1"):
        attributes = {"gen_ai.request.temperature": heat}
        calls.put(some(1, 0, InputHash=1, OutputHash=int(heat) + 1, SpanAttributes=attributes))
    assert measure_consistency(calls.source, Slice("shop", hour(0))) == []


def test_consistency_goes_by_time(calls: Calls) -> None:
    for at, hashes in ((0, [1, 1]), (1, [1, 2])):
        calls.put(some(2, at, InputHash=1, OutputHash=hashes))
    points = measure_consistency(calls.source, Slice("shop", hour(0, 2)), step_ns=HOUR_NS)
    assert [point.exact for point in points] == [1.0, 0.0]
    with pytest.raises(InvalidQueryError, match="There is no 'mood'"):
        measure_consistency(calls.source, Slice("shop", hour(0)), by="mood")
