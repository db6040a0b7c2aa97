"""Receivers: where notifications go. Those of the operator's file are shown and tested, not changed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Admin, Operator, Reader
from watchkeeper_collector.api.deliveries import Delivery, Sees
from watchkeeper_collector.api.paging import Page
from watchkeeper_collector.state.deeds import forget_body
from watchkeeper_collector.state.notification_records import Delivery as StoredDelivery

Name = Annotated[
    str, Field(min_length=1, max_length=100, pattern=r"^[^/\x00-\x1f\x7f]+$", examples=["pager"])
]
Kind = Literal["pagerduty", "alertmanager", "webhook", "slack", "teams", "email", "heartbeat"]
Shown = Mapping[str, Any]


class ReceiverChange(BaseModel):
    """How a receiver is reached. Secrets that are left out when it is changed stay what they were."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    settings: Annotated[
        dict[str, Any],
        Field(
            description="By kind, see docs/notifications.md; secrets are among them, and never shown again.",
            examples=[{"routing_key": "0123456789abcdef0123456789abcdef"}],
        ),
    ]


class NewReceiver(ReceiverChange):
    """What a receiver shall be."""

    name: Name


class ReceiverTarget(BaseModel):
    """One place that a receiver reaches, and how it does."""

    target: str
    kind: str
    settings: dict[str, Any]
    secrets: Annotated[list[str], Field(description="Names of the secrets that are set.")]
    failing_since: Annotated[datetime | None, Field(description="Nothing was taken since.")]
    disabled_at: Annotated[datetime | None, Field(description="It asked for no more (410).")]
    problem: str


class Receiver(BaseModel):
    """Where notifications go."""

    name: str
    project: Annotated[str, Field(description="Empty: the operator's.")]
    source: Annotated[Literal["file", "api"], Field(description="Receivers of the file are changed there.")]
    targets: list[ReceiverTarget]


class Desk(Protocol):
    """Makes and tests receivers. Every method raises ``NotFoundError`` for a name that there isn't."""

    def all(self, projects: Collection[str]) -> Sequence[Shown]: ...

    def get(self, projects: Collection[str], name: str) -> Shown: ...

    def create(self, project: str, caller: str, name: str, kind: str, fields: Shown) -> Shown: ...

    def replace(self, project: str, name: str, kind: str, fields: Shown) -> Shown: ...

    def remove(self, project: str, name: str) -> None: ...

    def test(self, projects: Collection[str], name: str) -> Sequence[StoredDelivery]: ...

    def enable(self, projects: Collection[str], name: str) -> Shown: ...


def build_router(desk: Desk, sees: Sees) -> APIRouter:
    router = APIRouter(prefix="/receivers", tags=["receivers"])
    _add_looking(router, desk, sees)
    _add_changing(router, desk)
    return router


def _add_looking(router: APIRouter, desk: Desk, sees: Sees) -> None:
    @router.get("")
    def list_receivers(caller: Reader) -> Page[Receiver]:
        """List receivers with how they do; operators see those of the file too."""
        return Page(items=[Receiver.model_validate(one) for one in desk.all(sees(caller))])

    @router.get("/{name}")
    def get_receiver(caller: Reader, name: str) -> Receiver:
        """Look at one receiver."""
        return Receiver.model_validate(desk.get(sees(caller), name))

    @router.post("/{name}/test")
    def test_receiver(caller: Operator, name: str) -> Page[Delivery]:
        """Send a test to every target now: an alert that fires, then that it resolved. What came of it."""
        return Page(items=[Delivery.model_validate(one) for one in desk.test(sees(caller), name)])

    @router.post("/{name}/enable")
    def enable_receiver(caller: Operator, name: str) -> Receiver:
        """Send again to targets that asked for no more."""
        return Receiver.model_validate(desk.enable(sees(caller), name))


def _add_changing(router: APIRouter, desk: Desk) -> None:
    @router.post("", status_code=201)
    def create_receiver(caller: Admin, receiver: NewReceiver) -> Receiver:
        """Make a receiver of the project. Routes lead alerts to it."""
        forget_body()
        made = desk.create(caller.project, caller.key_id, receiver.name, receiver.kind, receiver.settings)
        return Receiver.model_validate(made)

    @router.put("/{name}")
    def replace_receiver(caller: Admin, name: str, receiver: ReceiverChange) -> Receiver:
        """Change how a receiver is reached."""
        forget_body()
        return Receiver.model_validate(desk.replace(caller.project, name, receiver.kind, receiver.settings))

    @router.delete("/{name}", status_code=204)
    def remove_receiver(caller: Admin, name: str) -> None:
        """Remove a receiver that no route leads to."""
        desk.remove(caller.project, name)
