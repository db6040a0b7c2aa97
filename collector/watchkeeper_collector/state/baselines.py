"""Baselines that people keep: what new calls are compared with."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Integer, Table, Text

from watchkeeper_collector.state.tables import METADATA, UtcDateTime

BASELINES = Table(
    "baselines",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("filter", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("start_at", UtcDateTime),
    Column("end_at", UtcDateTime),
    Column("is_watched", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class SavedBaseline:
    """Calls of a release, of a time from ``start_at`` to before ``end_at``, that a filter keeps.

    Each may be left out, not all. ``is_watched`` is 1 where every window is compared with it, else 0.
    """

    id: str
    project: str
    name: str
    filter: str
    release: str
    start_at: datetime | None
    end_at: datetime | None
    is_watched: int
    created_at: datetime
    updated_at: datetime
    created_by: str
