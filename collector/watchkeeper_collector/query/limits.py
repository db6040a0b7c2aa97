"""What one query may cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """A query over one of these ends with ``QueryLimitError``, which says which."""

    timeout_s: float = 30.0
    memory_bytes: int = 4 << 30

    @property
    def settings(self) -> Mapping[str, Any]:
        """The engine's settings. Sorting and grouping go to disk before they reach the limit."""
        return {
            "max_execution_time": self.timeout_s,
            "max_memory_usage": self.memory_bytes,
            "max_bytes_before_external_group_by": self.memory_bytes // 2,
            "max_bytes_before_external_sort": self.memory_bytes // 2,
        }
