"""Pages of what people keep: records of the state store, oldest first."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from watchkeeper_collector.api.paging import Page
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.state.records import After

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
Shown = TypeVar("Shown", bound=BaseModel)


class Kept(Protocol):
    """A record, as far as a page needs to know it."""

    @property
    def id(self) -> str: ...

    @property
    def created_at(self) -> datetime: ...


class Listed(Protocol):
    """Records of projects: ``watchkeeper_collector.state.records.Records`` is one."""

    def list(
        self, project: str, equal: Mapping[str, str] | None = None, *, limit: int, after: After | None = None
    ) -> list[Any]: ...


def page_of(
    records: Listed,
    shown: Callable[[Any], Shown],
    project: str,
    equal: Mapping[str, str],
    *,
    limit: int,
    cursor: str,
) -> Page[Shown]:
    """The records with these values, each as ``shown`` makes of it."""
    place = read_cursor(cursor, (int, str))
    after = (EPOCH + int(place[0]) * MICROSECOND, str(place[1])) if place else None
    found: list[Kept] = records.list(project, equal, limit=limit + 1, after=after)
    items = [shown(record) for record in found[:limit]]
    return Page(items=items, next_cursor=_place_of(found[limit - 1]) if len(found) > limit else None)


def _place_of(record: Kept) -> str:
    return render_cursor(((record.created_at - EPOCH) // MICROSECOND, record.id))
