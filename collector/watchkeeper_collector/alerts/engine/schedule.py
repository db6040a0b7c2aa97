"""When groups of rules are evaluated: at fixed timestamps, an interval apart, whenever the process began."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from watchkeeper_collector.alerts.rules.rule import Rule

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Key = tuple[str, str, str, float]


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated together, one after another, at the same timestamp."""

    source: str
    project: str
    name: str
    interval_s: float
    rules: Sequence[Rule]

    @property
    def key(self) -> Key:
        return (self.source, self.project, self.name, self.interval_s)

    @property
    def interval(self) -> timedelta:
        return timedelta(seconds=self.interval_s)

    def timestamp(self, now: datetime) -> datetime:
        """The newest timestamp that is not ahead: the same for every collector, and after a restart."""
        shift = timedelta(seconds=self._shift_s())
        return EPOCH + shift + (now - EPOCH - shift) // self.interval * self.interval

    def _shift_s(self) -> int:
        """Whole seconds within the interval, by the group's name: groups don't all come at once."""
        digest = blake2b(repr((self.source, self.project, self.name)).encode(), digest_size=8).digest()
        return int.from_bytes(digest) % max(1, int(self.interval_s))


def build_groups(rules: Iterable[Rule]) -> list[Group]:
    """The groups of these rules, in the order in which they first appear; paused rules are left out."""
    members: defaultdict[Key, list[Rule]] = defaultdict(list)
    for rule in rules:
        if not rule.is_paused:
            members[rule.source, rule.project, rule.group, rule.interval_s].append(rule)
    return [Group(*key, tuple(found)) for key, found in members.items()]
