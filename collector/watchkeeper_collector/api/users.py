"""Users: what each of them costs, meets and says."""

import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from watchkeeper_collector.api.access import Reader
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.api.spans import Filter
from watchkeeper_collector.query import users
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import read_window

Order = Literal[
    "-cost_usd",
    "-call_count",
    "-error_count",
    "-session_count",
    "-input_tokens",
    "-output_tokens",
    "-last_seen",
]
Start = Annotated[str, Query(description="RFC 3339 or relative, such as `-24h`.", examples=["-7d"])]
End = Annotated[str, Query(description="Likewise; what starts at it is left out.")]
UserId = Annotated[str, Path(min_length=1, max_length=512)]


class UserScore(BaseModel):
    """Scores of one name in the window, on the user's traces or by the user."""

    name: str
    count: int
    mean: Annotated[float | None, Field(description="Null: none has a value.")]


class UserSummary(BaseModel):
    """A user by the spans in the window that the filter keeps."""

    user_id: str
    call_count: int
    trace_count: int
    session_count: int
    error_count: Annotated[int, Field(description="Calls that failed.")]
    error_rate: float | None
    unpriced_call_count: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    first_seen: Annotated[str, Field(description="Ever, as far as spans are kept.")]
    last_seen: Annotated[str, Field(description="Ever.")]
    scores: list[UserScore]


class UserShare(BaseModel):
    """What the user's calls with a value make up."""

    value: str
    call_count: int
    error_count: int
    cost_usd: float | None


class User(UserSummary):
    """With what the user's calls are split into, the dearest first."""

    models: list[UserShare]
    features: list[UserShare]
    services: list[UserShare]


def build_router(source: Source, *, now_ns: Callable[[], int] = time.time_ns) -> APIRouter:
    """``now_ns`` is what relative times count from."""
    router = APIRouter(prefix="/users", tags=["users"])

    @router.get("", response_model=Page[UserSummary])
    def list_users(
        caller: Reader,
        *,
        filter: Filter = "",  # noqa: A002 - the name in the URL
        start: Start = "-24h",
        end: End = "now",
        order: Annotated[Order, Query(description="The greatest first.")] = "-cost_usd",
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> Any:
        """List users with a span in the window that the filter keeps."""
        wanted = Slice(caller.project, read_window(start, end, now_ns()), filter, caller.allows("content"))
        return users.list_users(source, wanted, order=order[1:], limit=limit, cursor=cursor)

    @router.get("/{user_id:path}", response_model=User)
    def get_user(
        caller: Reader,
        *,
        user_id: UserId,
        filter: Filter = "",  # noqa: A002
        start: Start = "-24h",
        end: End = "now",
    ) -> Any:
        """Look at one user. One who is not in the window has counts of 0."""
        wanted = Slice(caller.project, read_window(start, end, now_ns()), filter, caller.allows("content"))
        return users.get_user(source, wanted, user_id)

    return router
