"""Saved views: pages of the dashboard with the parameters of their URLs."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Operator, Reader
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.api.record_paging import page_of
from watchkeeper_collector.query.view_query import check_view_query
from watchkeeper_collector.state.operations import View as StoredView
from watchkeeper_collector.state.records import Records

PageName = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,39}$", examples=["traces"])]


class NewView(BaseModel):
    """What is saved."""

    model_config = ConfigDict(extra="forbid")

    page: PageName
    name: Annotated[str, Field(min_length=1, max_length=200, examples=["Slow calls in production"])]
    query: Annotated[
        str,
        Field(
            description="The URL's parameters; `filter`, `start`, `end` and `step` are checked.",
            max_length=8192,
            examples=["filter=environment%3Aproduction+latency%3A%3E5s&start=-24h"],
        ),
    ]


class View(NewView):
    model_config = ConfigDict(from_attributes=True, extra="ignore")

    id: str
    created_at: datetime
    updated_at: datetime
    created_by: Annotated[str, Field(description="The API key's id; empty: none.")]


def build_router(views: Records[StoredView]) -> APIRouter:
    router = APIRouter(prefix="/views", tags=["views"])

    @router.get("")
    def list_views(
        caller: Reader,
        page: Annotated[str, Query(description="Only those of one page.")] = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Page[View]:
        """List the project's saved views, oldest first."""
        equal = {"page": page} if page else {}
        return page_of(views, View.model_validate, caller.project, equal, limit=limit, cursor=cursor)

    @router.post("", status_code=201)
    def create_view(caller: Operator, view: NewView) -> View:
        """Save a view. Its name is the only such one of its page."""
        check_view_query(view.query)
        return View.model_validate(views.add(caller.project, caller.key_id, view.model_dump()))

    @router.get("/{view_id}")
    def get_view(caller: Reader, view_id: str) -> View:
        """Look at one saved view."""
        return View.model_validate(views.get(caller.project, view_id))

    @router.put("/{view_id}")
    def replace_view(caller: Operator, view_id: str, view: NewView) -> View:
        """Change a view, its name or its parameters."""
        check_view_query(view.query)
        return View.model_validate(views.replace(caller.project, view_id, view.model_dump()))

    @router.delete("/{view_id}", status_code=204)
    def remove_view(caller: Operator, view_id: str) -> None:
        """Remove a saved view."""
        views.remove(caller.project, view_id)

    return router
