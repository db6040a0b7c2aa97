"""How long projects keep what is theirs: the state store's word, as the store's layout has it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from watchkeeper_collector.api.retention import Keeper
from watchkeeper_collector.state.retention import Days, ProjectRetention, Retentions
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.layout import Kept, Layout
from watchkeeper_collector.store.migration import build_plan
from watchkeeper_collector.store.retention import measure


@dataclass(slots=True)
class Keeping:
    """``plain`` is the layout by the settings alone."""

    plain: Layout
    retentions: Retentions
    _shortest: Mapping[str, int] = field(default_factory=dict)

    def layout(self) -> Layout:
        """Read what projects keep now. Raises ``StateUnavailableError``."""
        found = self.retentions.list()
        self._shortest = {one.project: one.shortest_span_days for one in found}
        return with_retentions(self.plain, found)

    def is_applied(self, store: Store) -> bool:
        """Whether the store's schema is what projects keep now."""
        return not build_plan(store, self.layout()).changes

    def shortest_span_days(self) -> Mapping[str, int]:
        """The fewest days that spans of a project were ever kept, as it was read last."""
        return self._shortest


def with_retentions(layout: Layout, retentions: list[ProjectRetention]) -> Layout:
    own = (
        Kept(one.project, one.days.content_days, one.days.span_days, one.days.log_days)
        for one in retentions
        if one.days is not None
    )
    return replace(layout, projects=tuple(own))


def build_keeper(keeping: Keeping, store: Store, apply: Callable[[], None]) -> Keeper:
    """What the API asks of it; ``apply`` brings the store to it."""
    plain = keeping.plain
    return Keeper(
        keeping.retentions,
        Days(plain.content_retention_days, plain.span_retention_days, plain.span_retention_days),
        plain.aggregate_retention_days,
        apply=apply,
        is_applied=lambda: keeping.is_applied(store),
        measure=lambda project: measure(store, keeping.plain, project),
    )
