"""When and for whom a rule is evaluated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchkeeper_collector.alerts.evaluation.ask import Answer, Ask
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.query.times import SECOND_NS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Answers = Mapping[Ask, Answer | WatchkeeperError]


def nanoseconds(duration_s: float) -> int:
    return round(duration_s * SECOND_NS)


@dataclass(frozen=True, slots=True)
class Moment:
    """A rule at a time. ``end_ns`` is where its windows end: at that time less its offset."""

    rule: Rule
    at: datetime
    projects: tuple[str, ...]

    @property
    def end_ns(self) -> int:
        return self.at_ns - nanoseconds(self.rule.offset_s)

    @property
    def at_ns(self) -> int:
        return (self.at - EPOCH) // timedelta(microseconds=1) * 1_000


def moment_of(rule: Rule, at: datetime, projects: Sequence[str]) -> Moment:
    return Moment(rule, at, (rule.project,) if rule.project else tuple(sorted(set(projects))))


def answer_to(ask: Ask, answers: Answers) -> Answer:
    """Raises what kept the question from being answered."""
    found = answers[ask]
    if isinstance(found, WatchkeeperError):
        raise found
    return found
