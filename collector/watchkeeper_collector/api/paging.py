"""Lists, page by page: ``{"items": […], "next_cursor"}``."""

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=1000, description="Most items in the answer.")]
Cursor = Annotated[str, Query(description="`next_cursor` of the page before; empty for the first page.")]


class Page(BaseModel, Generic[Item]):
    """``next_cursor`` is null on the last page."""

    items: list[Item]
    next_cursor: str | None = None
