"""Silences: times during which matching alerts of the project notify nobody."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Operator, Reader
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.api.record_paging import page_of
from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.state.notification_records import Silence as StoredSilence
from watchkeeper_collector.state.notifications import Notifications
from watchkeeper_collector.state.records import Records

LONGEST = timedelta(days=366)
CheckMatchers = Callable[[Sequence[str]], Sequence[str]]
"""Matchers as they are kept, one a text. Raises ``InvalidRequestError``."""

State = Literal["pending", "active", "expired"]


class NewSilence(BaseModel):
    """Which alerts shall notify nobody, and until when."""

    model_config = ConfigDict(extra="forbid")

    matchers: Annotated[
        list[Annotated[str, Field(max_length=4096)]],
        Field(
            description="On labels, in Alertmanager's syntax: `=`, `!=`, `=~`, `!~`; all must match.",
            min_length=1,
            max_length=64,
            examples=[['alertname="ErrorRateHigh"', 'model=~"gpt-.*"']],
        ),
    ]
    starts_at: Annotated[AwareDatetime | None, Field(description="With its zone; null: now.")] = None
    ends_at: Annotated[AwareDatetime, Field(description="With its zone; a year ahead at the most.")]
    author: Annotated[
        str, Field(max_length=200, description="Who says so, for people.", examples=["Ada"])
    ] = ""
    comment: Annotated[
        str, Field(min_length=1, max_length=2000, examples=["The provider announced maintenance."])
    ]


class Silence(BaseModel):
    """What alerts of the project it matches notify nobody from its start to its end."""

    id: str
    matchers: list[str]
    starts_at: datetime
    ends_at: datetime
    state: State
    author: str
    comment: str
    created_at: datetime
    updated_at: datetime
    created_by: Annotated[str, Field(description="The API key's id; empty: none.")]


def build_router(
    silences: Records[StoredSilence],
    notifications: Notifications,
    check: CheckMatchers,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> APIRouter:
    """``now`` tells which silences are in force."""
    router = APIRouter(prefix="/silences", tags=["silences"])
    _add_reading(router, silences, now)
    _add_changing(router, silences, notifications, check, now)
    return router


def _add_reading(router: APIRouter, silences: Records[StoredSilence], now: Callable[[], datetime]) -> None:
    @router.get("")
    def list_silences(
        caller: Reader,
        state: Annotated[State | None, Query(description="Only those that are so now.")] = None,
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Page[Silence]:
        """List the project's silences, oldest first, those of the last month that are over too."""
        at = now()

        def shown(stored: StoredSilence) -> Silence:
            return _show(stored, at)

        page = page_of(silences, shown, caller.project, {}, limit=limit, cursor=cursor)
        wanted = [one for one in page.items if state in (None, one.state)]
        return Page(items=wanted, next_cursor=page.next_cursor)

    @router.get("/{silence_id}")
    def get_silence(caller: Reader, silence_id: str) -> Silence:
        """Look at one silence."""
        return _show(silences.get(caller.project, silence_id), now())


def _add_changing(
    router: APIRouter,
    silences: Records[StoredSilence],
    notifications: Notifications,
    check: CheckMatchers,
    now: Callable[[], datetime],
) -> None:
    @router.post("", status_code=201)
    def create_silence(caller: Operator, silence: NewSilence) -> Silence:
        """Silence alerts. What was notified before still is when it resolves."""
        values = _values(silence, check, now())
        return _show(silences.add(caller.project, caller.key_id, values), now())

    @router.put("/{silence_id}")
    def replace_silence(caller: Operator, silence_id: str, silence: NewSilence) -> Silence:
        """Change a silence, such as its end."""
        values = _values(silence, check, now())
        return _show(silences.replace(caller.project, silence_id, values), now())

    @router.delete("/{silence_id}")
    def end_silence(caller: Operator, silence_id: str) -> Silence:
        """End a silence now. It stays in the list for a month."""
        silences.get(caller.project, silence_id)
        notifications.end_silence(silence_id, caller.project)
        return _show(silences.get(caller.project, silence_id), now())


def _values(silence: NewSilence, check: CheckMatchers, at: datetime) -> dict[str, object]:
    starts_at = silence.starts_at or at
    if not at < silence.ends_at or not starts_at < silence.ends_at or silence.ends_at - at > LONGEST:
        raise InvalidRequestError(
            f"The end '{silence.ends_at.isoformat()}' must lie ahead, after the start, and within a year."
        )
    return {
        "matchers": "\n".join(check(silence.matchers)),
        "starts_at": starts_at,
        "ends_at": silence.ends_at,
        "author": silence.author,
        "comment": silence.comment,
    }


def _show(stored: StoredSilence, at: datetime) -> Silence:
    state: State = "expired" if stored.ends_at <= at else "pending" if stored.starts_at > at else "active"
    return Silence(
        id=stored.id,
        matchers=stored.matchers.split("\n"),
        starts_at=stored.starts_at,
        ends_at=stored.ends_at,
        state=state,
        author=stored.author,
        comment=stored.comment,
        created_at=stored.created_at,
        updated_at=stored.updated_at,
        created_by=stored.created_by,
    )
