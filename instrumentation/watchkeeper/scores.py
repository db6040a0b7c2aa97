"""Feedback and evaluations: a number about a trace or a span, sent to the collector's API."""

import json
from dataclasses import asdict, dataclass

SCORE_BYTES = 512


@dataclass(frozen=True, slots=True)
class Score:
    """``value`` is whatever the application counts in; ``span_id`` is empty for the whole trace."""

    value: float
    name: str
    trace_id: str
    span_id: str = ""
    comment: str = ""

    def render(self) -> bytes:
        """The body of ``POST /api/v1/scores``."""
        return json.dumps({key: value for key, value in asdict(self).items() if value != ""}).encode()

    @property
    def weight_bytes(self) -> int:
        return SCORE_BYTES + len(self.comment)
