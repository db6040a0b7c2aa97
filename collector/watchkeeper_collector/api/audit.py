"""The audit of the caller's project: who did what, and who read prompts and answers."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from watchkeeper_collector.api.access import Admin
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.api.spans import End, Start
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.times import read_window
from watchkeeper_collector.state.audit import Audit, Entry, Wanted

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AuditEntry(BaseModel):
    """What was done, without secrets and content. Ids of users and sessions, and filters, are hashes."""

    number: Annotated[int, Field(description="Of the project's chain, from 1 without a gap.")]
    at: datetime
    kind: Annotated[Literal["change", "read"], Field(description="`read`: prompts or answers were shown.")]
    actor: Annotated[
        str, Field(description="`key:<id>`, `person:<name>`, `cli:<user>`, `local` without a key, `link`.")
    ]
    source: Annotated[str, Field(description="The address it came from.")]
    action: Annotated[str, Field(examples=["DELETE /keys/{key_id}", "keys create"])]
    target: Annotated[Any, Field(description="Parameters of the request.")]
    outcome: Annotated[
        Literal["done", "refused"], Field(description="`refused`: a right for it was lacking.")
    ]
    before: Annotated[Any, Field(description="The rows that were there, by table. Null: none, or not known.")]
    after: Annotated[Any, Field(description="The rows that there are now, else what was asked for.")]
    hash: Annotated[str, Field(description="Over the entry and the hash before it.")]


def build_router(audit: Audit) -> APIRouter:
    router = APIRouter(tags=["audit"])

    @router.get("/audit")
    def list_audit(
        caller: Admin,
        *,
        start: Start = "",
        end: End = "",
        actor: Annotated[str, Query(description="Only of one, such as `key:4k7mzq2f9x3c`.")] = "",
        action: Annotated[str, Query(description="Only of one kind, such as `keys create`.")] = "",
        kind: Annotated[Literal["", "change", "read"], Query(description="Only changes, or reads.")] = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Page[AuditEntry]:
        """List who changed what, and who read prompts and answers, newest first."""
        window = read_window(start, end, time.time_ns())
        place = read_cursor(cursor, (int,))
        before = int(place[0]) if place else 0
        start_at, end_at = _moment(window.start_ns), _moment(window.end_ns)
        wanted = Wanted(start_at, end_at, actor, action, kind, before)
        found = audit.newest(caller.project, wanted, limit=limit + 1)
        items = [_render(entry) for entry in found[:limit]]
        return Page(
            items=items, next_cursor=render_cursor((items[-1].number,)) if len(found) > limit else None
        )

    return router


def _moment(time_ns: int | None) -> datetime | None:
    return None if time_ns is None else EPOCH + timedelta(microseconds=time_ns // 1_000)


def _render(entry: Entry) -> AuditEntry:
    facts = {name: getattr(entry, name) for name in AuditEntry.model_fields}
    facts |= {
        name: json.loads(facts[name]) if facts[name] else None for name in ("target", "before", "after")
    }
    return AuditEntry(**facts)
