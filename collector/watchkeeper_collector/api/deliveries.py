"""The ledger of deliveries: what was said to whom, every attempt, and sending again."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Operator, Reader
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.state.deliveries import Deliveries
from watchkeeper_collector.state.keys import Principal
from watchkeeper_collector.state.notification_records import Delivery as StoredDelivery

Sees = Callable[[Principal], Collection[str]]
"""The projects whose receivers a caller sees; the empty one is the operators'."""

State = Literal["pending", "delivered", "refused", "expired", "superseded"]


class DeliveryAttempt(BaseModel):
    """One try. ``problem`` is empty where it was taken."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    at: datetime
    duration_s: float
    outcome: Literal["delivered", "retry", "refused"]
    problem: str


class Delivery(BaseModel):
    """A notification on its way to one target of a receiver."""

    model_config = ConfigDict(from_attributes=True)

    id: Annotated[str, Field(description="The same in every attempt; receivers get it as `webhook-id`.")]
    project: Annotated[str, Field(description="Empty: of the operator, such as a heartbeat.")]
    receiver: str
    target: str
    kind: str
    action: Annotated[str, Field(description="`firing`, `resolved`, `acknowledged` or `heartbeat`.")]
    title: str
    state: Annotated[
        State,
        Field(
            description="`refused`: it will not be taken; `expired`: it was not in time; `superseded`: a"
            " newer one says more."
        ),
    ]
    attempts: int
    problem: str
    created_at: datetime
    updated_at: datetime
    next_try_at: Annotated[datetime, Field(description="Of one that is pending.")]
    expires_at: datetime


class DeliveryDetails(Delivery):
    attempt_list: list[DeliveryAttempt]
    notification: Annotated[dict[str, Any], Field(description="What is said, before it is put into words.")]


class Replay(Protocol):
    """Sends again what came to nothing. Raises ``NotFoundError`` and ``ConflictError``."""

    def __call__(self, projects: Collection[str], delivery_id: str) -> StoredDelivery: ...


def build_router(
    ledger: Deliveries, replay: Replay, sees: Sees, read_json: Callable[[str], dict[str, Any]]
) -> APIRouter:
    router = APIRouter(prefix="/deliveries", tags=["receivers"])

    @router.get("")
    def list_deliveries(
        caller: Reader,
        state: Annotated[State | None, Query(description="Only those that are so.")] = None,
        receiver: Annotated[str, Query(description="Only those to one receiver.", max_length=100)] = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Page[Delivery]:
        """List deliveries, the newest first. They are kept for a month; heartbeats for an hour."""
        place = read_cursor(cursor, (str,))
        found: Sequence[StoredDelivery] = ledger.find(
            sees(caller),
            limit=limit + 1,
            before=str(place[0]) if place else "",
            state=state or "",
            receiver=receiver,
        )
        following = render_cursor((found[limit - 1].id,)) if len(found) > limit else None
        return Page(items=[Delivery.model_validate(one) for one in found[:limit]], next_cursor=following)

    @router.get("/{delivery_id}")
    def get_delivery(caller: Reader, delivery_id: str) -> DeliveryDetails:
        """Look at one delivery, its attempts and what it says."""
        found = ledger.get(delivery_id, sees(caller))
        attempts = [DeliveryAttempt.model_validate(one) for one in ledger.attempts(delivery_id)]
        return DeliveryDetails(
            **Delivery.model_validate(found).model_dump(),
            attempt_list=attempts,
            notification=read_json(found.notification),
        )

    @router.post("/{delivery_id}/replay", status_code=202)
    def replay_delivery(caller: Operator, delivery_id: str) -> Delivery:
        """Send again what was refused or has expired, under the same id."""
        return Delivery.model_validate(replay(sees(caller), delivery_id))

    return router
