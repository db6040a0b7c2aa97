"""How urgent an alert is, by its label `severity`."""

from collections.abc import Mapping
from typing import Any

PAGE, ERROR, WARNING = 0, 1, 2
"""0 is what somebody is woken for."""
URGENCY = {"page": PAGE, "critical": PAGE, "error": ERROR, "warning": WARNING, "ticket": 3, "info": 4}


def urgency_of(alert: Mapping[str, Any]) -> int:
    """Of an alert or an episode; without a severity that is known it is a warning."""
    return URGENCY.get(alert["labels"].get("severity", ""), WARNING)
