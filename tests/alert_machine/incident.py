"""A scripted incident: what three rules see at each of its timestamps, the same for everybody who asks."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from watchkeeper_collector.alerts.engine.machine import step
from watchkeeper_collector.alerts.engine.schedule import Group
from watchkeeper_collector.alerts.evaluation.sample import Evaluation, Level, Sample
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.state.alert_records import Instance, Notice

from tests.alert_machine import NOON, build_rule, sample

INTERVAL_S = 15.0
MODELS = ("small", "large", "old", "new")
RULES = (
    build_rule(uid="file/incident/Now", alert="Now", interval_s=INTERVAL_S),
    build_rule(
        uid="file/incident/Held", alert="Held", interval_s=INTERVAL_S, for_s=30.0, keep_firing_for_s=45.0
    ),
    build_rule(
        uid="file/incident/Silent", alert="Silent", interval_s=INTERVAL_S, for_s=15.0, no_data="alert"
    ),
)
GROUP = Group("file", "shop", "incident", INTERVAL_S, RULES)


class Incident:
    """Levels change now and then, and in some stretches nothing can be evaluated."""

    def __init__(self, seed: int, ticks: int) -> None:
        self.ticks = ticks
        chance = random.Random(seed)
        self._levels = {model: _draw_levels(chance, ticks) for model in MODELS}
        self._is_away = _draw_outages(chance, ticks)

    def time(self, tick: int) -> datetime:
        return NOON + tick * timedelta(seconds=INTERVAL_S)

    def tick(self, at: datetime) -> int:
        return (at - NOON) // timedelta(seconds=INTERVAL_S)

    def evaluate(self, rules: Sequence[Rule], at: datetime) -> list[Evaluation]:
        tick = self.tick(at)
        problem = "The store is away." if self._is_away[tick] else ""
        samples = () if problem else tuple(self._samples(tick))
        return [Evaluation(rule, at, samples, problem) for rule in rules]

    def told(self) -> list[Notice]:
        """What is said if nothing interrupts it."""
        instances: dict[str, Mapping[str, Instance]] = {}
        notices: list[Notice] = []
        for tick in range(self.ticks):
            for evaluation in self.evaluate(RULES, self.time(tick)):
                uid = evaluation.rule.uid
                moved = step(evaluation.rule, instances.get(uid, {}), evaluation)
                instances[uid] = moved.instances
                notices += moved.notices
        return notices

    def _samples(self, tick: int) -> list[Sample]:
        return [
            sample(levels[tick], float(tick), model=model)
            for model, levels in self._levels.items()
            if levels[tick] is not None
        ]


def _draw_levels(chance: random.Random, ticks: int) -> list[Level | None]:
    levels: list[Level | None] = []
    level: Level | None = "clear"
    for _ in range(ticks):
        if chance.random() < 0.15:
            level = chance.choice(("met", "met", "clear", "clear", "held", "no_data", None))
        levels.append(level)
    return levels


def _draw_outages(chance: random.Random, ticks: int) -> list[bool]:
    is_away, found = False, []
    for _ in range(ticks):
        is_away = chance.random() < (0.7 if is_away else 0.03)
        found.append(is_away)
    return found
