"""What was evaluated, in tokens."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.reading import Usage, count


def read_usage(body: Mapping[str, Any]) -> Usage:
    """Thinking is among what was evaluated."""
    return Usage(count(body.get("prompt_eval_count")), count(body.get("eval_count")))
