"""API keys of the caller's project."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Admin
from watchkeeper_collector.api.paging import Page
from watchkeeper_collector.state.api_keys import ApiKeys
from watchkeeper_collector.state.keys import SCOPES, scopes_of

SCOPE_LIST = ", ".join(f"`{scope}`" for scope in SCOPES)


Rate = Annotated[
    float | None, Field(description="What it may send a second, on average; null: what the settings say.")
]


class NewKey(BaseModel):
    """What a key shall be."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(description="What the key is for, for people.", examples=["checkout service"])]
    scopes: Annotated[
        list[str], Field(description=f"Some of {SCOPE_LIST}; `admin` holds them all.", examples=[["ingest"]])
    ] = ["ingest"]
    role: Annotated[
        Literal["", "sender", "viewer", "analyst", "responder", "admin"],
        Field(
            description="Instead of scopes: `viewer` reads numbers and spans, `analyst` prompts and answers"
            " too, `responder` works with alerts, `sender` sends."
        ),
    ] = ""
    expires_at: Annotated[
        datetime | None, Field(description="When it stops working, with its zone; null: never.")
    ] = None
    spans_per_s: Rate = None
    bytes_per_s: Rate = None


class Key(BaseModel):
    """What may be shown of a key."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    project: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    spans_per_s: Rate
    bytes_per_s: Rate


class CreatedKey(Key):
    key: Annotated[str, Field(description="The key itself. It is shown this once and not stored.")]


def build_router(keys: ApiKeys) -> APIRouter:
    router = APIRouter(prefix="/keys", tags=["keys"])

    @router.get("")
    def list_keys(caller: Admin) -> Page[Key]:
        """List the project's keys, oldest first, the revoked ones too."""
        return Page(items=[Key.model_validate(key) for key in keys.list(caller.project)])

    @router.post("", status_code=201)
    def create_key(caller: Admin, wanted: NewKey) -> CreatedKey:
        """Make a key for the project. From the first one on, every request needs a key, on loopback too."""
        scopes = scopes_of(wanted.role) if wanted.role else wanted.scopes
        rates = (wanted.spans_per_s, wanted.bytes_per_s)
        key, secret = keys.create(caller.project, wanted.name, scopes, wanted.expires_at, rates)
        return CreatedKey(**Key.model_validate(key).model_dump(), key=secret)

    @router.delete("/{key_id}")
    def revoke_key(caller: Admin, key_id: str) -> Key:
        """Revoke a key: it is refused here at once, by other collectors within a second."""
        return Key.model_validate(keys.revoke(key_id, caller.project))

    return router
