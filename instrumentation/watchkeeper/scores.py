"""Feedback and evaluations of a trace or a span, sent to the collector's API."""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from math import isfinite

SCORE_BYTES = 512
LONGEST_WORD = 200
Value = float | bool | str
"""A number, a yes or no, or a category's name."""


def build_id() -> str:
    return os.urandom(16).hex()


def read_value(value: object) -> Value:
    """The value as the collector takes it. Raises ``ValueError`` or ``TypeError`` for what is none."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if not 0 < len(value) <= LONGEST_WORD:
            raise ValueError(f"a word of {len(value)} characters; expected 1 to {LONGEST_WORD}")
        return str(value)
    number = float(value)  # type: ignore[arg-type] # numpy's too
    if not isfinite(number):
        raise ValueError(f"{number} is not finite")
    return number


def now() -> str:
    return datetime.now(UTC).isoformat()


@dataclass(frozen=True, slots=True)
class Score:
    """``span_id`` is empty for the whole trace.

    ``id`` makes a score that is sent twice one, ``timestamp`` is when it was given, however late it is sent.
    """

    value: Value
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
