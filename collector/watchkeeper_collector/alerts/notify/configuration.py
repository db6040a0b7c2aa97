"""Who is told of what: the operator's file and what projects made by the API, as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from watchkeeper_collector.alerts.notify.channels.channel import Channel
from watchkeeper_collector.alerts.notify.routing.inhibition import InhibitRule
from watchkeeper_collector.alerts.notify.routing.matchers import Labels
from watchkeeper_collector.alerts.notify.routing.routes import Route

UNSAID = "none"


@dataclass(frozen=True, slots=True)
class Target:
    """One channel of a receiver: what has a lane, a pace and a line in the ledger of its own."""

    uid: str
    project: str
    receiver: str
    channel: Channel = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receiver:
    """``project`` is empty for the operator's. ``record_id`` is that of one made by the API."""

    project: str
    name: str
    targets: tuple[Target, ...]
    record_id: str = ""


@dataclass(frozen=True, slots=True)
class Configuration:
    """``roots``: the operator's tree and each project's own. An alert goes through both."""

    roots: tuple[Route, ...] = ()
    receivers: Mapping[tuple[str, str], Receiver] = field(default_factory=dict)
    inhibitions: tuple[InhibitRule, ...] = ()

    def routes_of(self, project: str, labels: Labels) -> list[Route]:
        """Where an alert is to be told; routes without a receiver are left out.

        One of severity ``none`` is told to nobody: it is there to hold others back.
        """
        if labels.get("severity") == UNSAID:
            return []
        return [
            route
            for root in self.roots
            if root.project in ("", project)
            for route in root.find(labels)
            if route.receiver
        ]

    def targets_of(self, project: str, receiver: str) -> Sequence[Target]:
        """The targets of an operator's (``project`` is empty) or a project's receiver."""
        found = self.receivers.get((project, receiver))
        return found.targets if found else ()

    def target(self, uid: str) -> Target | None:
        for receiver in self.receivers.values():
            for target in receiver.targets:
                if target.uid == uid:
                    return target
        return None

    def all_targets(self) -> list[Target]:
        return [target for receiver in self.receivers.values() for target in receiver.targets]


def build_receiver(project: str, name: str, channels: Sequence[Channel], record_id: str = "") -> Receiver:
    """With one target for each place that is to be reached."""
    parts = [part for channel in channels for part in channel.split()]
    targets = tuple(
        Target(f"{project}/{name}/{part.kind}/{place}", project, name, part)
        for place, part in enumerate(parts)
    )
    return Receiver(project, name, targets, record_id)
