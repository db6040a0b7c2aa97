"""Laws of the alert machine, whatever a rule goes through: errors, clocks that jump, changes, its end."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper_collector.alerts.engine.machine import hold, retire, step
from watchkeeper_collector.alerts.engine.outcome import Step
from watchkeeper_collector.alerts.evaluation.sample import Evaluation
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.state.alert_documents import read_row, render_row
from watchkeeper_collector.state.alert_records import Event, Instance, Notice

from tests.alert_machine import NOON, build_rule, sample
from tests.otlp.requests import seeded

often = settings(seeded, max_examples=100)
LEVELS = ("met", "held", "clear", "no_data")
seconds = st.one_of(
    st.just(60.0), st.sampled_from([0.0, 1.0, 59.0, 61.0, 600.0, 86_400.0, -1.0, -300.0, -90_000.0])
)
series = st.dictionaries(st.sampled_from("abc"), st.sampled_from(LEVELS), max_size=3)
changes = st.fixed_dictionaries(
    {},
    optional={
        "for_s": st.sampled_from([0.0, 60.0, 150.0, 600.0]),
        "keep_firing_for_s": st.sampled_from([0.0, 90.0, 300.0]),
        "no_data": st.sampled_from(["ok", "alert", "keep"]),
        "limit": st.sampled_from([0, 2]),
        "labels": st.sampled_from(
            [{"severity": "page"}, {"severity": "{{ labels.model }}"}, {"model": "one"}]
        ),
        "interval_s": st.sampled_from([15.0, 60.0]),
    },
)
moves = st.one_of(
    st.tuples(st.just("evaluate"), seconds, series),
    st.tuples(st.just("evaluate"), seconds, series),
    st.tuples(st.just("problem"), seconds, st.none()),
    st.tuples(st.just("change"), seconds, changes),
    st.tuples(st.sampled_from(["retire", "hold"]), seconds, st.none()),
)


class Story:
    """What a rule goes through, with all that was said and written down."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.at = NOON
        self.instances: Mapping[str, Instance] = {}
        self.notices: list[Notice] = []
        self.events: list[Event] = []

    def move(self, kind: str, after_s: float, facts: Any) -> Step | None:
        self.at += timedelta(seconds=after_s)
        if kind == "change":
            self.rule = replace(self.rule, **facts)
            return None
        moved = self._step(kind, facts)
        self.instances = {name: read_row(render_row(one)) for name, one in moved.instances.items()}
        assert self.instances == moved.instances, "what is kept is what was"
        self.notices += moved.notices
        self.events += moved.events
        return moved

    def end(self) -> None:
        """Let all of it recover."""
        self.rule = replace(self.rule, no_data="ok", keep_firing_for_s=0.0)
        self.move("evaluate", 60.0, {})

    def _step(self, kind: str, facts: Any) -> Step:
        if kind == "retire":
            return retire(self.instances, self.at, "RuleDeleted")
        if kind == "hold":
            return hold(self.instances, self.at)
        samples = [sample(level, model=name) for name, level in (facts or {}).items()]
        problem = "The store is away." if kind == "problem" else ""
        evaluation = Evaluation(self.rule, self.at, () if problem else samples, problem)
        return step(self.rule, self.instances, evaluation)


def told(first: Mapping[str, Any], happened: Sequence[tuple[str, float, Any]]) -> Story:
    story = Story(build_rule(**first))
    for move in happened:
        story.move(*move)
    return story


@often
@given(changes, st.lists(moves, max_size=40))
def test_an_episode_begins_once_and_ends_once(first: dict[str, Any], happened: list[Any]) -> None:
    story = told(first, happened)
    story.end()
    episodes: defaultdict[str, list[Notice]] = defaultdict(list)
    for notice in story.notices:
        episodes[notice.episode].append(notice)
    for notices in episodes.values():
        statuses = [notice.status for notice in notices]
        begun = statuses.count("firing")
        assert begun >= 1
        assert statuses == ["firing"] * begun + ["resolved"] * (len(statuses) - begun)
        assert "resolved" in statuses
        assert len({notice.fingerprint for notice in notices}) == 1
        assert all(notice.starts_at <= notice.ends_at for notice in notices)
    ended = [event.episode for event in story.events if event.is_resolved]
    assert sorted(ended) == sorted(episodes), "each ends by exactly one event"


@often
@given(changes, st.lists(moves, max_size=40))
def test_one_alert_has_one_episode_at_a_time(first: dict[str, Any], happened: list[Any]) -> None:
    open_episodes: dict[str, str] = {}
    for notice in told(first, happened).notices:
        before = open_episodes.get(notice.fingerprint, "")
        if notice.status == "firing":
            assert before in ("", notice.episode)
            open_episodes[notice.fingerprint] = notice.episode
        else:
            assert before in ("", notice.episode)
            open_episodes.pop(notice.fingerprint, None)


@often
@given(changes, st.lists(moves, max_size=30))
def test_what_is_pending_is_never_spoken_of(first: dict[str, Any], happened: list[Any]) -> None:
    story = Story(build_rule(**first))
    for move in happened:
        moved = story.move(*move)
        for notice in moved.notices if moved else ():
            known = story.instances[notice.fingerprint]
            assert known.is_firing == (notice.status == "firing")
            assert notice.status == "resolved" or known.state != "pending"


@often
@given(changes, st.lists(moves, max_size=30))
def test_an_error_never_resolves(first: dict[str, Any], happened: list[Any]) -> None:
    story = Story(build_rule(**first))
    for kind, after_s, facts in happened:
        before = {name for name, one in story.instances.items() if one.is_firing and one.family != "error"}
        moved = story.move(kind, after_s, facts)
        if kind in ("problem", "hold"):
            assert moved is not None
            assert before <= {name for name, one in story.instances.items() if one.is_firing}
            assert not any(event.is_resolved and event.fingerprint in before for event in moved.events)


@often
@given(changes, st.lists(moves, max_size=30))
def test_what_fires_is_said_often_enough_to_be_believed(first: dict[str, Any], happened: list[Any]) -> None:
    """As long as somebody evaluates, no notice runs out before the next one."""
    story = Story(build_rule(**first))
    believed: dict[str, datetime] = {}
    for kind, _, facts in happened:
        moved = story.move(kind, 60.0, facts)
        if moved is None:
            continue
        believed |= {notice.episode: notice.ends_at for notice in moved.notices}
        for one in story.instances.values():
            assert not one.is_firing or believed[one.episode] > story.at
