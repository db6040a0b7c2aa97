"""Who the caller is, for people and their tools."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from watchkeeper_collector.api.access import Known
from watchkeeper_collector.state.keys import PERSON, SCOPES, role_of


class Me(BaseModel):
    """What the request was recognised as."""

    kind: Annotated[
        Literal["key", "person", "local"],
        Field(description="`local`: no key was asked for, as there is none yet."),
    ]
    name: Annotated[str, Field(description="The key's id, the person's name, or nothing.")]
    project: Annotated[str, Field(description="The project of every answer to this request.")]
    projects: Annotated[
        list[str], Field(description="All that may be named in the header `x-watchkeeper-project`.")
    ]
    role: Annotated[str, Field(description="The role with just these scopes; empty: none has.")]
    scopes: list[str]


def build_router() -> APIRouter:
    router = APIRouter(tags=["keys"])

    @router.get("/me")
    async def show_me(caller: Known) -> Me:
        """Say who asks, for which project, and what they may do."""
        return Me(
            kind="person" if caller.is_person else "key" if caller.key_id else "local",
            name=caller.key_id.removeprefix(PERSON),
            project=caller.project,
            projects=list(caller.projects or (caller.project,)),
            role=role_of(caller.scopes) or ("admin" if "admin" in caller.scopes else ""),
            scopes=[scope for scope in SCOPES if caller.allows(scope)],
        )

    return router
