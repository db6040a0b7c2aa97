"""The tree of routes: which receivers hear of an alert, and how it is grouped for them.

As Alertmanager's: an alert goes down the tree, into the first child that matches, or into each up to the
first that does not say ``continue``; where no child matches, the node itself takes it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper_collector.alerts.notify.routing.matchers import Labels, Matcher, matches_all, render_matchers
from watchkeeper_collector.alerts.notify.routing.time_intervals import TimeInterval

ALL_LABELS = "..."


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a new group waits for more alerts, how often it is looked at, how often it is said again."""

    group_wait_s: float = 30.0
    group_interval_s: float = 300.0
    repeat_interval_s: float = 14_400.0


@dataclass(frozen=True, slots=True)
class Route:
    """A node. ``path`` names it by its matchers and its parents', so that groups survive changes elsewhere.

    ``project`` is empty for the operator's routes, which take every project's alerts. ``receiver`` is empty
    where nobody is told.
    """

    path: str
    receiver: str
    project: str = ""
    matchers: tuple[Matcher, ...] = ()
    group_by: tuple[str, ...] = ()
    timing: Timing = Timing()
    does_continue: bool = False
    mute: tuple[TimeInterval, ...] = ()
    active: tuple[TimeInterval, ...] = ()
    children: tuple["Route", ...] = ()

    def find(self, labels: Labels) -> Iterator["Route"]:
        """The nodes that take an alert with these labels."""
        if not matches_all(self.matchers, labels):
            return
        is_taken = False
        for child in self.children:
            taken = False
            for route in child.find(labels):
                taken = True
                yield route
            is_taken |= taken
            if taken and not child.does_continue:
                break
        if not is_taken:
            yield self

    def walk(self) -> Iterator["Route"]:
        yield self
        for child in self.children:
            yield from child.walk()

    def group_labels(self, labels: Labels) -> dict[str, str]:
        """What an alert's group is named by. The project always is: what is said stays within one."""
        if ALL_LABELS in self.group_by:
            return dict(labels)
        return {
            name: labels.get(name, "") for name in sorted({*self.group_by, "project"}) if labels.get(name)
        }

    def group_key(self, labels: Labels) -> str:
        """The same for all alerts of a group. A hash: labels may hold what no database takes in a key."""
        text = f"{self.path}:{render_labels(self.group_labels(labels))}"
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def path_below(parent: str, matchers: tuple[Matcher, ...], siblings: Mapping[str, Any]) -> str:
    """The path of a node: its parent's and its matchers, and a number where a sibling has the same."""
    path = f"{parent}/{render_matchers(matchers)}"
    number = 2
    found = path
    while found in siblings:
        found, number = f"{path}/{number}", number + 1
    return found


def render_labels(labels: Labels) -> str:
    return render_matchers(Matcher(name, "=", value) for name, value in labels.items())
