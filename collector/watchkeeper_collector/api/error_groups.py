"""Errors, grouped by what they have in common."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from watchkeeper_collector.api.access import Operator, Reader
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.api.spans import Filter
from watchkeeper_collector.query import error_faces, error_groups
from watchkeeper_collector.query.error_groups import Wanted
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import read_window
from watchkeeper_collector.state.keys import Principal
from watchkeeper_collector.state.operations import Resolutions

State = Literal["new", "ongoing", "regressed", "resolved"]
Order = Literal["-last_seen", "-first_seen", "-count", "-users"]
Start = Annotated[str, Query(description="RFC 3339 or relative, such as `-24h`.", examples=["-7d"])]
End = Annotated[str, Query(description="Likewise; what starts at it is left out.")]
Fingerprint = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="Which group.")]


class Trend(BaseModel):
    """How many errors there were in equally long intervals, the first of which begins at ``start``."""

    start: str
    step_s: int
    counts: list[int]


class ErrorExample(BaseModel):
    """One error: a span that failed."""

    trace_id: str
    span_id: str
    timestamp: str
    span_name: str
    service_name: str
    release: str
    user_id: str
    session_id: str
    error_message: str


class ErrorGroup(BaseModel):
    """Errors of one type, provider, model and kind of message. Counts are of the window."""

    fingerprint: str
    state: Annotated[
        State,
        Field(
            description="`new`: first seen in the window; `resolved`: not seen since it was declared so;"
            " `regressed`: seen since; else `ongoing`."
        ),
    ]
    error_type: str
    error_status: Annotated[int, Field(description="HTTP status of the newest; 0: none is known.")]
    provider: str
    model: str
    pattern: Annotated[
        str,
        Field(
            description="The message without what differs from one to the next.",
            examples=["Rate limit reached for <id>: try again in <n>"],
        ),
    ]
    message: Annotated[str, Field(description="The newest message itself.")]
    count: int
    users: Annotated[int, Field(description="Different users who met it.")]
    traces: int
    first_seen: Annotated[str, Field(description="Ever, as far as spans are kept.")]
    last_seen: Annotated[str, Field(description="Ever, up to the window's end.")]
    resolved_at: str | None
    trend: Trend
    examples: Annotated[list[ErrorExample], Field(description="The newest ones.")]


class Share(BaseModel):
    """How many of the errors have a value."""

    value: str
    count: int


class ErrorGroupDetails(ErrorGroup):
    """With where it happens: the most frequent values."""

    services: list[Share]
    releases: list[Share]
    environments: list[Share]
    span_names: list[Share]
    most_affected_users: list[Share]


class Resolution(BaseModel):
    fingerprint: str
    resolved_at: datetime


def build_router(
    source: Source, resolutions: Resolutions, *, now_ns: Callable[[], int] = time.time_ns
) -> APIRouter:
    """``now_ns`` is what relative times count from."""
    router = APIRouter(prefix="/errors", tags=["errors"])

    def slice_of(caller: Principal, filter_: str, start: str, end: str) -> Slice:
        return Slice(caller.project, read_window(start, end, now_ns()), filter_, caller.allows("content"))

    _add_reading(router, source, resolutions, slice_of)
    _add_occurrences(router, source, slice_of)
    _add_resolving(router, resolutions)
    return router


def _add_reading(
    router: APIRouter,
    source: Source,
    resolutions: Resolutions,
    slice_of: Callable[[Principal, str, str, str], Slice],
) -> None:
    @router.get("", response_model=Page[ErrorGroup])
    def list_errors(
        caller: Reader,
        *,
        filter: Filter = "",  # noqa: A002 - the name in the URL
        start: Start = "-24h",
        end: End = "now",
        state: Annotated[list[State] | None, Query(description="Only groups in one of these states.")] = None,
        order: Annotated[Order, Query(description="The greatest first.")] = "-last_seen",
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> Any:
        """List groups of errors. An error counts where it happened, not in the spans above that it passed."""
        wanted = Wanted(slice_of(caller, filter, start, end), resolutions.all(caller.project))
        return error_groups.list_groups(
            source, wanted, states=state or (), order=order[1:], limit=limit, cursor=cursor
        )

    @router.get("/{fingerprint}", response_model=ErrorGroupDetails)
    def get_error_group(
        caller: Reader,
        *,
        fingerprint: Fingerprint,
        filter: Filter = "",  # noqa: A002
        start: Start = "-24h",
        end: End = "now",
    ) -> Any:
        """Look at one group. One that is not in the window has a count of 0."""
        wanted = Wanted(slice_of(caller, filter, start, end), resolutions.all(caller.project))
        return error_groups.get_group(source, wanted, fingerprint)


def _add_occurrences(
    router: APIRouter, source: Source, slice_of: Callable[[Principal, str, str, str], Slice]
) -> None:
    @router.get("/{fingerprint}/occurrences", response_model=Page[ErrorExample])
    def list_occurrences(
        caller: Reader,
        *,
        fingerprint: Fingerprint,
        filter: Filter = "",  # noqa: A002
        start: Start = "-24h",
        end: End = "now",
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> Any:
        """List the errors of a group, newest first."""
        wanted = slice_of(caller, filter, start, end)
        return error_faces.list_occurrences(source, wanted, fingerprint, limit=limit, cursor=cursor)


def _add_resolving(router: APIRouter, resolutions: Resolutions) -> None:
    @router.post("/{fingerprint}/resolve")
    def resolve_error_group(caller: Operator, fingerprint: Fingerprint) -> Resolution:
        """Declare a group resolved. Seen again after this moment, it is `regressed`."""
        resolved_at = resolutions.resolve(caller.project, fingerprint, caller.key_id)
        return Resolution(fingerprint=fingerprint, resolved_at=resolved_at)

    @router.delete("/{fingerprint}/resolve", status_code=204)
    def reopen_error_group(caller: Operator, fingerprint: Fingerprint) -> None:
        """Take a group's resolution back."""
        resolutions.reopen(caller.project, fingerprint)
