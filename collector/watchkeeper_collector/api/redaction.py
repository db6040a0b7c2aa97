"""Redaction: what is taken out of the project's telemetry before it is stored."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Protocol

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from watchkeeper_collector.api.access import Admin
from watchkeeper_collector.api.paging import Cursor, Limit, Page
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.redaction.policy import ProjectPolicy, read_policy
from watchkeeper_collector.redaction.screen import DROP, Hits, Screen
from watchkeeper_collector.state.deeds import forget_body
from watchkeeper_collector.state.redaction import PolicyVersion, RedactionPolicies

MOST_TRIED = 100


class InForce(Protocol):
    """The policies at work: ``redaction.policies.Policies`` is one."""

    @property
    def default(self) -> ProjectPolicy | None: ...

    @property
    def default_version(self) -> str: ...

    def catch_up(self) -> None: ...

    def build(self, project: str, policy: ProjectPolicy, version: str) -> Screen: ...


class Redaction(BaseModel):
    """The policy in force."""

    version: Annotated[
        str,
        Field(
            description="What spans carry as `watchkeeper.redaction.policy`; empty: nothing is redacted.",
            examples=["3"],
        ),
    ]
    policy: ProjectPolicy
    is_default: Annotated[bool, Field(description="Whether it is that of the collector's settings.")]


class Version(BaseModel):
    """One version of the project's policy."""

    model_config = ConfigDict(from_attributes=True)

    version: str
    policy: Annotated[ProjectPolicy | None, Field(description="Null: the policy was taken back.")]
    created_at: datetime
    created_by: Annotated[str, Field(description="Who did: `key:…`, `person:…`, `local`.")]


class Trial(BaseModel):
    """Attributes to try a policy on. Nothing of it is kept."""

    model_config = ConfigDict(extra="forbid")

    attributes: Annotated[
        dict[str, JsonValue],
        Field(max_length=MOST_TRIED, examples=[{"input.value": "Mail joe@example.com", "user.id": "joe"}]),
    ]
    policy: Annotated[ProjectPolicy | None, Field(description="Null: the one in force.")] = None


class Tried(BaseModel):
    """What would be stored."""

    attributes: dict[str, JsonValue]
    hits: Annotated[dict[str, int], Field(description="Values found, by detector.")]


def build_router(stored: RedactionPolicies, policies: InForce) -> APIRouter:
    router = APIRouter(prefix="/redaction", tags=["redaction"])

    def find(project: str) -> Redaction:
        newest = stored.newest(project)
        if newest is not None and newest.document:
            return Redaction(
                version=str(newest.version), policy=read_policy(newest.document), is_default=False
            )
        return Redaction(
            version=policies.default_version, policy=policies.default or ProjectPolicy(), is_default=True
        )

    _add_reading(router, stored, find)
    _add_changing(router, stored, policies, find)
    _add_trying(router, policies, find)
    return router


def _add_reading(router: APIRouter, stored: RedactionPolicies, find: Callable[[str], Redaction]) -> None:
    @router.get("")
    def get_redaction(caller: Admin) -> Redaction:
        """Look at the policy in force: the project's own, else that of the collector's settings."""
        return find(caller.project)

    @router.get("/versions")
    def list_redaction_versions(caller: Admin, limit: Limit = 100, cursor: Cursor = "") -> Page[Version]:
        """List the versions of the project's own policy, newest first."""
        place = read_cursor(cursor, (int,))
        found = stored.list(caller.project, limit=limit + 1, before=int(place[0]) if place else None)
        items = [_shown(version) for version in found[:limit]]
        return Page(
            items=items,
            next_cursor=render_cursor((found[limit - 1].version,)) if len(found) > limit else None,
        )


def _add_changing(
    router: APIRouter, stored: RedactionPolicies, policies: InForce, find: Callable[[str], Redaction]
) -> None:
    @router.put("")
    def replace_redaction(caller: Admin, policy: ProjectPolicy) -> Redaction:
        """Set the project's policy: at once here, within a second on other collectors. The past stays."""
        stored.add(caller.project, policy.render(), caller.actor)
        policies.catch_up()
        return find(caller.project)

    @router.delete("", status_code=204)
    def remove_redaction(caller: Admin) -> None:
        """Take the project's policy back: that of the settings is in force again."""
        newest = stored.newest(caller.project)
        if newest is not None and newest.document:
            stored.add(caller.project, "", caller.actor)
            policies.catch_up()


def _add_trying(router: APIRouter, policies: InForce, find: Callable[[str], Redaction]) -> None:
    @router.post("/try")
    def try_redaction(caller: Admin, trial: Trial) -> Tried:
        """See what a policy makes of attributes of yours, before it is in force."""
        forget_body()
        policy = trial.policy if trial.policy is not None else find(caller.project).policy
        screen = policies.build(caller.project, policy, "")
        attributes, hits = _try(screen, trial.attributes)
        return Tried(attributes=attributes, hits=hits)


def _try(screen: Screen, attributes: Mapping[str, Any]) -> tuple[dict[str, Any], Hits]:
    hits = Hits()
    tried = {
        screen.key(name, hits): screen.attribute(name, value, hits) for name, value in attributes.items()
    }
    return {name: value for name, value in tried.items() if value is not DROP}, hits


def _shown(version: PolicyVersion) -> Version:
    return Version(
        version=str(version.version),
        policy=read_policy(version.document) if version.document else None,
        created_at=version.created_at,
        created_by=version.created_by,
    )
