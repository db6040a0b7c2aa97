"""A rule: what is watched, how long it must hold, and what is said when it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from watchkeeper_collector.alerts.rules.condition import Condition, kind_of

NoData = Literal["ok", "alert", "keep"]
Origin = Literal["file", "api"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a group.

    ``uid`` is stable over reloads: ``file/<group>/<alert>`` or the id of a record; states are kept under it.
    ``project`` is empty for a rule of the operator over every project. ``offset_s``: it is evaluated that
    much in the past, so that late spans are there. ``limit``: more series than this are an error; 0: none.
    ``labels`` and ``annotations`` are templates.
    """

    uid: str
    alert: str
    group: str
    project: str
    source: Origin
    interval_s: float
    offset_s: float
    for_s: float
    keep_firing_for_s: float
    limit: int
    no_data: NoData
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    condition: Condition
    is_paused: bool = False

    @property
    def kind(self) -> str:
        """The standard word: ``threshold``, ``change``, ``anomaly``, ``burn_rate``, ``budget``, …"""
        return kind_of(self.condition)
