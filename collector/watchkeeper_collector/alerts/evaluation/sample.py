"""What an evaluation finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from watchkeeper_collector.alerts.rules.rule import Rule

Level = Literal["met", "held", "clear", "no_data"]
"""``met``: the condition holds. ``held``: within the hysteresis, which keeps what fires and starts nothing.
``no_data``: too few calls, or nothing at all.
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of a rule at the time of an evaluation.

    ``labels`` are the dimensions of ``by``, and ``project`` always; never ``alertname`` or the rule's own.
    ``figures`` are what decided: threshold, window_s, count, before, budget, … ``links``: ``traces`` is a
    path of the dashboard with filter and window, ``trace`` the id of an example.
    """

    labels: Mapping[str, str]
    level: Level
    value: float | None
    figures: Mapping[str, float | str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A rule at a time, which is that before the rule's offset.

    ``problem``: why it could not be evaluated; then there are no samples, and states stay as they are.
    """

    rule: Rule
    at: datetime
    samples: Sequence[Sample]
    problem: str = ""
    cost_s: float = 0.0
    is_waiting: bool = False
    """Its problem is data that are still on their way since the start: states are frozen, and no alert."""
