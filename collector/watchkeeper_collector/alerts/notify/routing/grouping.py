"""A group of alerts, and what is said of it when its time comes: a pure function.

As Alertmanager decides it, with two differences. What was said to fire is always said to resolve, also within
a silence or a mute time: a page that nobody ends is worse than one message too many. And an acknowledgement
of all that fires ends the repetitions, not what is new.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from watchkeeper_collector.alerts.notify.routing.routes import Timing
from watchkeeper_collector.state.alert_records import Notice

Action = Literal["firing", "resolved"]
Reason = Literal["first", "new_alerts", "some_resolved", "all_resolved", "repeat"]


@dataclass(frozen=True, slots=True)
class Group:
    """What was said of a group. ``told``: the alerts said to fire, by fingerprint, with their episodes.

    ``opened_at`` is when the first of them was: with the key it names one incident.
    """

    key: str
    project: str
    route: str
    receiver: str
    labels: Mapping[str, str]
    flush_at: datetime
    opened_at: datetime | None = None
    notified_at: datetime | None = None
    told: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Telling:
    """What is to be said: alerts that fire, and those that resolved since it was last said."""

    action: Action
    reason: Reason
    firing: tuple[Notice, ...]
    resolved: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Flush:
    """``group`` is ``None`` when it is over."""

    group: Group | None
    telling: Telling | None


def flush(
    group: Group,
    members: Sequence[Notice],
    now: datetime,
    timing: Timing,
    *,
    is_muted: Callable[[Notice], bool],
    is_acknowledged: Callable[[Notice], bool],
) -> Flush:
    """``members``: the alerts of the group, and those of ``told`` that are in it no longer, as resolved."""
    firing = [one for one in members if one.status == "firing"]
    muted = {one.fingerprint for one in firing if is_muted(one)}
    heard = tuple(one for one in firing if one.fingerprint not in muted)
    resolved = tuple(one for one in members if one.status == "resolved" and one.fingerprint in group.told)
    held_back = {
        one.fingerprint: one.episode
        for one in firing
        if one.fingerprint in muted and one.fingerprint in group.told
    }
    reason = _news(group, heard, resolved, held_back)
    if reason is None and not all(map(is_acknowledged, heard)):
        reason = _repetition(group, now, timing)
    following = replace(group, flush_at=_next_flush(group.flush_at, now, timing))
    if reason is None:
        return Flush(following if firing or group.told else None, None)
    telling = Telling("resolved" if reason == "all_resolved" else "firing", reason, heard, resolved)
    told = {one.fingerprint: one.episode for one in heard} | held_back
    opened_at = (group.opened_at if group.told else None) or now
    over = not firing
    following = replace(following, told=told, notified_at=now, opened_at=opened_at)
    return Flush(None if over else following, telling)


def _news(
    group: Group, heard: Sequence[Notice], resolved: Sequence[Notice], held_back: Mapping[str, str]
) -> Reason | None:
    if any(group.told.get(one.fingerprint) != one.episode for one in heard):
        return "new_alerts" if group.told else "first"
    if resolved:
        return "some_resolved" if heard or held_back else "all_resolved"
    return None


def _repetition(group: Group, now: datetime, timing: Timing) -> Reason | None:
    repeat_at = (group.notified_at or now) + timedelta(seconds=timing.repeat_interval_s)
    return "repeat" if repeat_at <= now else None


def _next_flush(due: datetime, now: datetime, timing: Timing) -> datetime:
    """On the group's own beat, and ahead of now also after a pause."""
    interval = timedelta(seconds=timing.group_interval_s)
    beats = max(1, (now - due) // interval + 1) if interval else 1
    return max(due + beats * interval, now + min(interval, timedelta(seconds=1)))
