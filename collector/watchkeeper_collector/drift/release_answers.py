"""What is answered about releases."""

from collections.abc import Mapping
from typing import Any

from watchkeeper_collector.drift.answering import AskedBaseline, AskedSide, DriftAnswers
from watchkeeper_collector.drift.gate_policy import read_policy
from watchkeeper_collector.drift.releases import list_releases
from watchkeeper_collector.drift.sides import Comparison
from watchkeeper_collector.query.source import Slice, Source


class ReleaseAnswers:
    """Answers from one source; sides are understood as those of drift checks are."""

    def __init__(self, source: Source, drift: DriftAnswers) -> None:
        self._source = source
        self._drift = drift

    def list(self, wanted: Slice) -> list[dict[str, Any]]:
        return list_releases(self._source, wanted)

    def compare(
        self,
        project: str,
        baseline: AskedBaseline,
        candidate: AskedSide,
        policy: Mapping[str, Any],
        *,
        now_ns: int,
        may_search: bool,
    ) -> dict[str, Any]:
        """The verdict on the candidate. Raises ``InvalidRequestError`` for a policy with faults."""
        from watchkeeper_collector.drift.release_comparison import compare_releases  # noqa: PLC0415 - loads scikit-learn

        chosen = read_policy(policy)
        before, after = self._drift.sides(project, baseline, candidate, now_ns, may_search=may_search)
        return compare_releases(Comparison(self._source, before, after), chosen)
