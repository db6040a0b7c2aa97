"""Feedback and evaluations: a number about a trace or a span, sent to the collector's API."""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

SCORE_BYTES = 512


def build_id() -> str:
    return os.urandom(16).hex()


def now() -> str:
    return datetime.now(UTC).isoformat()


@dataclass(frozen=True, slots=True)
class Score:
    """``value`` is whatever the application counts in; ``span_id`` is empty for the whole trace.

    ``id`` makes a score that is sent twice one, ``timestamp`` is when it was given, however late it is sent.
    """

    value: float
    name: str
    trace_id: str
    span_id: str = ""
    comment: str = ""
    id: str = field(default_factory=build_id)
    timestamp: str = field(default_factory=now)

    def render(self) -> bytes:
        """The body of ``POST /api/v1/scores``."""
        return json.dumps({key: value for key, value in asdict(self).items() if value != ""}).encode()

    @property
    def weight_bytes(self) -> int:
        return SCORE_BYTES + len(self.comment)
