"""What went wrong in the shop, and when: so that there is something to find.

===================  =====================================================================================
14 days before       the assistant's release 1.9.0 gets a quarter of the conversations, 3 days later half:
                     a bigger model and a longer prompt, slower and dearer
9 days before        from 13:00 to 16:00 Anthropic is down: nearly every call is refused with status 529
7 days before, 9:00  the shop's own model is replaced: its answers come in a code fence and are no JSON any
                     more
5 days before, 10:00 order support's release 2.1.0, with prompt v4, refuses a fifth of its customers
4 to 2 days before   one user pastes long documents into every message: most of what these days cost
the day before       from 14:00 to 15:30 OpenAI is slow, and its rate limit refuses a third of all calls
===================  =====================================================================================

Hours of the day are UTC.
"""

from dataclasses import dataclass
from typing import NamedTuple

from watchkeeper_collector.demo.model import Conditions

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
SPENDER = "user-017"
OLD_ASSISTANT, NEW_ASSISTANT = "1.8.0", "1.9.0"
OLD_SUPPORT, NEW_SUPPORT = "2.0.3", "2.1.0"


class Versions(NamedTuple):
    """What serves a message."""

    assistant: str
    support: str
    is_intent_fenced: bool


@dataclass(frozen=True, slots=True)
class Story:
    """The times of one demo, from its start in Unix seconds."""

    start_s: float

    def at(self, days_before: int, hour: float) -> float:
        """The hour of a day before the start's own, in UTC."""
        return self.start_s // DAY_S * DAY_S - days_before * DAY_S + hour * HOUR_S

    @property
    def outage_s(self) -> tuple[float, float]:
        return self.at(9, 13), self.at(9, 16)

    @property
    def surge_s(self) -> tuple[float, float]:
        return self.at(4, 7), self.at(2, 19)

    @property
    def limit_s(self) -> tuple[float, float]:
        return self.at(1, 14), self.at(1, 15.5)

    def share_of_new_assistant(self, at_s: float) -> float:
        if at_s < self.at(14, 10):
            return 0.0
        return 0.25 if at_s < self.at(11, 10) else 0.5

    def versions(self, at_s: float, assistant: str) -> Versions:
        support = NEW_SUPPORT if at_s >= self.at(5, 10) else OLD_SUPPORT
        return Versions(assistant, support, at_s >= self.at(7, 9))

    def conditions(self, at_s: float, provider: str) -> Conditions:
        """How well a provider serves at a time."""
        if provider == "anthropic" and self.outage_s[0] <= at_s < self.outage_s[1]:
            return Conditions(overloaded=0.93)
        if provider == "openai" and self.limit_s[0] <= at_s < self.limit_s[1]:
            return Conditions(rate_limited=0.33, slowness=2.0)
        return Conditions()
