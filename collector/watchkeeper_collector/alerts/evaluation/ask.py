"""A question of a rule about spans, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass

Key = tuple[str, ...]
"""Whose numbers they are: the project, then the dimensions."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Measures of the spans that a filter keeps, by dimensions, in a window.

    ``projects``: each is a series of its own. With ``step_ns`` the window is cut into steps, from its start.
    ``example``: which span is to be an example of the group, see :mod:`examples`.
    """

    measures: tuple[str, ...]
    filter: str
    by: tuple[str, ...]
    start_ns: int
    end_ns: int
    projects: tuple[str, ...]
    step_ns: int = 0
    example: str = ""

    @property
    def shape(self) -> tuple[object, ...]:
        """What can be answered by one query: filters and projects differ."""
        return (self.measures, self.by, self.start_ns, self.end_ns, self.step_ns, self.example)


@dataclass(frozen=True, slots=True)
class Reading:
    """The measures of one group, in the order of the question, and from how many spans they are."""

    values: tuple[float | None, ...]
    count: int
    example: str = ""


Answer = Mapping[Key, Mapping[int, Reading]]
"""By group and number of the step; without steps it is number 0."""
