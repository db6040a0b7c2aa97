"""Baselines: what new calls are compared with."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from watchkeeper_collector.api.access import Operator, Reader
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.api.record_paging import page_of
from watchkeeper_collector.state.baselines import SavedBaseline
from watchkeeper_collector.state.records import Records


class NewBaseline(BaseModel):
    """A baseline to keep: a release, a time, or both."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200, examples=["Launch week"])]
    filter: Annotated[
        str,
        Field(max_length=4096, description="Which calls; empty: all.", examples=["environment:production"]),
    ] = ""
    release: Annotated[str, Field(max_length=512, examples=["1.4"])] = ""
    start: Annotated[AwareDatetime | None, Field(description="Null: from the first call on.")] = None
    end: Annotated[AwareDatetime | None, Field(description="Null: up to what it is compared with.")] = None
    is_watched: Annotated[bool, Field(description="Compare every new window with it.")] = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.release or self.start or self.end or self.filter):
            raise ValueError("A baseline needs a release, a start, an end or a filter.")
        if self.start and self.end and self.start >= self.end:
            raise ValueError("The start is not before the end.")
        return self


class Baseline(NewBaseline):
    model_config = ConfigDict(extra="ignore")

    id: str
    created_at: datetime
    updated_at: datetime
    created_by: Annotated[str, Field(description="The API key's id; empty: none.")]


CheckFilter = Callable[[str], None]
"""Raises ``InvalidQueryError`` for a text that is no filter."""


def build_router(stored: Records[SavedBaseline], check_filter: CheckFilter) -> APIRouter:
    router = APIRouter(prefix="/baselines", tags=["drift"])

    @router.get("")
    def list_baselines(caller: Reader, limit: Limit = 100, cursor: Cursor = "") -> Page[Baseline]:
        """List the project's baselines, oldest first."""
        return page_of(stored, _shown, caller.project, {}, limit=limit, cursor=cursor)

    @router.get("/{baseline_id}")
    def get_baseline(caller: Reader, baseline_id: str) -> Baseline:
        """Look at one baseline."""
        return _shown(stored.get(caller.project, baseline_id))

    @router.post("", status_code=201)
    def create_baseline(caller: Operator, baseline: NewBaseline) -> Baseline:
        """Keep a baseline. Its name is the only such one of the project."""
        check_filter(baseline.filter)
        return _shown(stored.add(caller.project, caller.key_id, _kept(baseline)))

    @router.delete("/{baseline_id}", status_code=204)
    def remove_baseline(caller: Operator, baseline_id: str) -> None:
        """Remove a baseline; what was found by it stays."""
        stored.remove(caller.project, baseline_id)

    return router


def _kept(baseline: NewBaseline) -> dict[str, object]:
    return {
        "name": baseline.name,
        "filter": baseline.filter,
        "release": baseline.release,
        "start_at": baseline.start,
        "end_at": baseline.end,
        "is_watched": int(baseline.is_watched),
    }


def _shown(stored: SavedBaseline) -> Baseline:
    return Baseline(
        id=stored.id,
        name=stored.name,
        filter=stored.filter,
        release=stored.release,
        start=stored.start_at,
        end=stored.end_at,
        is_watched=bool(stored.is_watched),
        created_at=stored.created_at,
        updated_at=stored.updated_at,
        created_by=stored.created_by,
    )
