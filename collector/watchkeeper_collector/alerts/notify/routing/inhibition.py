"""Inhibition: while one alert fires, others that follow from it notify nobody."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from watchkeeper_collector.alerts.notify.routing.matchers import Labels, Matcher, matches_all

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """Alerts that match ``target`` are held back while one that matches ``source`` fires with equal labels.

    Labels that both lack are equal. What matches both sides does not inhibit itself, nor its like.
    ``project`` is always among the labels that must be equal.
    """

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()

    def key(self, labels: Labels) -> Key:
        return tuple(labels.get(name, "") for name in ("project", *self.equal))


class Inhibition:
    """The rules, applied to what fires now."""

    def __init__(self, rules: Sequence[InhibitRule], firing: Iterable[Labels]) -> None:
        self._rules = rules
        self._sources: list[dict[Key, bool]] = [{} for _ in rules]
        for labels in firing:
            for rule, sources in zip(rules, self._sources, strict=True):
                if matches_all(rule.source, labels):
                    is_both = matches_all(rule.target, labels)
                    key = rule.key(labels)
                    sources[key] = sources.get(key, True) and is_both

    def holds_back(self, labels: Labels) -> bool:
        """Whether an alert with these labels notifies nobody."""
        return any(
            self._is_inhibited(rule, sources, labels)
            for rule, sources in zip(self._rules, self._sources, strict=True)
        )

    def _is_inhibited(self, rule: InhibitRule, sources: dict[Key, bool], labels: Labels) -> bool:
        """``sources`` says of each key whether all sources there match the target side too."""
        only_both = sources.get(rule.key(labels))
        if only_both is None or not matches_all(rule.target, labels):
            return False
        return not (only_both and matches_all(rule.source, labels))
