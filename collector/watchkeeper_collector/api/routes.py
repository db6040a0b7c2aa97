"""Routes of a project: which of its alerts go to which of its receivers."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Admin, Reader
from watchkeeper_collector.api.paging import Page
from watchkeeper_collector.api.receivers import Name
from watchkeeper_collector.state.notification_records import RouteRecord

Duration = Annotated[str | None, Field(max_length=40, examples=["5m"])]


class NewRoute(BaseModel):
    """Every route that matches an alert is taken."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200, examples=["Pages of production"])]
    receiver: Name
    matchers: Annotated[
        list[str],
        Field(
            description="On labels, in Alertmanager's syntax; all must match; none: every alert.",
            max_length=64,
            examples=[['severity="page"']],
        ),
    ] = []
    group_by: Annotated[
        list[str] | None,
        Field(description="Labels; alerts that have them alike are said together. `...`: each by itself."),
    ] = None
    group_wait: Annotated[Duration, Field(description="Before a new group is said; null: 30s.")] = None
    group_interval: Annotated[Duration, Field(description="Before more is said of it; null: 5m.")] = None
    repeat_interval: Annotated[Duration, Field(description="Before it is said again; null: 4h.")] = None


class NotificationRoute(NewRoute):
    model_config = ConfigDict(extra="ignore")

    id: str
    created_at: datetime
    updated_at: datetime
    created_by: Annotated[str, Field(description="The API key's id; empty: none.")]


class RouteDesk(Protocol):
    """Raises ``InvalidRequestError`` with all that is wrong, ``NotFoundError`` and ``ConflictError``."""

    def routes(self, project: str) -> Sequence[RouteRecord]: ...

    def create_route(
        self, project: str, caller: str, name: str, receiver: str, fields: Mapping[str, Any]
    ) -> RouteRecord: ...

    def replace_route(
        self, project: str, route_id: str, name: str, receiver: str, fields: Mapping[str, Any]
    ) -> RouteRecord: ...

    def remove_route(self, project: str, route_id: str) -> None: ...


def build_router(desk: RouteDesk) -> APIRouter:
    router = APIRouter(prefix="/routes", tags=["receivers"])

    @router.get("")
    def list_routes(caller: Reader) -> Page[NotificationRoute]:
        """List the project's own routes, oldest first. Those of the operator's file come on top of them."""
        return Page(items=[_show(record) for record in desk.routes(caller.project)])

    @router.post("", status_code=201)
    def create_route(caller: Admin, route: NewRoute) -> NotificationRoute:
        """Lead alerts of the project to a receiver of the project."""
        fields = route.model_dump()
        return _show(desk.create_route(caller.project, caller.key_id, route.name, route.receiver, fields))

    @router.put("/{route_id}")
    def replace_route(caller: Admin, route_id: str, route: NewRoute) -> NotificationRoute:
        """Change a route."""
        fields = route.model_dump()
        return _show(desk.replace_route(caller.project, route_id, route.name, route.receiver, fields))

    @router.delete("/{route_id}", status_code=204)
    def remove_route(caller: Admin, route_id: str) -> None:
        """Remove a route. What was said to fire by it is said to have resolved."""
        desk.remove_route(caller.project, route_id)

    return router


def _show(record: RouteRecord) -> NotificationRoute:
    return NotificationRoute(
        id=record.id,
        name=record.name,
        receiver=record.receiver,
        created_at=record.created_at,
        updated_at=record.updated_at,
        created_by=record.created_by,
        **json.loads(record.route),
    )
