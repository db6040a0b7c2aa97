"""Acknowledgements: somebody takes care of an alert, so it is not said again until it resolves."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Annotated, Protocol
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Operator, Reader
from watchkeeper_collector.api.paging import Page
from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.state.deeds import CURRENT
from watchkeeper_collector.state.notification_records import Acknowledgement as StoredAcknowledgement

MOST_AUTHOR_CHARS = 200
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Acknowledge · Watchkeeper</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem;color:#222}}
button,input{{font:inherit;padding:.5rem 1rem}}</style></head>
<body><h1>{heading}</h1><p>{text}</p>{form}</body></html>
"""
FORM = """<form method="post"><p><label>Your name <input name="author" maxlength="200"></label></p>
<p><button>Acknowledge</button></p></form>"""


class NewAcknowledgement(BaseModel):
    """Who takes care, and what there is to say."""

    model_config = ConfigDict(extra="forbid")

    author: Annotated[
        str, Field(max_length=200, description="Who says so, for people.", examples=["Ada"])
    ] = ""
    comment: Annotated[str, Field(max_length=2000, examples=["Looking at the provider's status."])] = ""


class Acknowledgement(BaseModel):
    """Somebody takes care of one episode of an alert."""

    model_config = ConfigDict(from_attributes=True)

    fingerprint: str
    episode: str
    author: str
    comment: str
    acknowledged_at: datetime
    told_at: Annotated[datetime | None, Field(description="When pagers were told.")]


class Acknowledging(Protocol):
    """``look`` and ``follow`` raise ``ForbiddenError`` for links that are not ours or have expired."""

    def all(self, project: str) -> Sequence[StoredAcknowledgement]: ...

    def acknowledge(
        self, project: str, fingerprint: str, author: str, comment: str
    ) -> StoredAcknowledgement: ...

    def take_back(self, project: str, fingerprint: str) -> None: ...

    def look(self, token: str) -> tuple[str, str, int]: ...

    def follow(self, token: str, author: str) -> int: ...


def build_router(acknowledging: Acknowledging) -> APIRouter:
    """To be included before the router of ``/alerts/{fingerprint}``."""
    router = APIRouter(tags=["alerts"])
    _add_calls(router, acknowledging)
    _add_links(router, acknowledging)
    return router


def _add_calls(router: APIRouter, acknowledging: Acknowledging) -> None:
    @router.get("/alerts/acknowledgements")
    def list_acknowledgements(caller: Reader) -> Page[Acknowledgement]:
        """List who takes care of which alert, oldest first."""
        found = acknowledging.all(caller.project)
        return Page(items=[Acknowledgement.model_validate(one) for one in found])

    @router.post("/alerts/{fingerprint}/ack")
    def acknowledge_alert(caller: Operator, fingerprint: str, said: NewAcknowledgement) -> Acknowledgement:
        """Take care of an alert that fires: it is not repeated until it resolves, and pagers are told."""
        author = said.author or caller.actor
        made = acknowledging.acknowledge(caller.project, fingerprint, author, said.comment)
        return Acknowledgement.model_validate(made)

    @router.delete("/alerts/{fingerprint}/ack", status_code=204)
    def take_acknowledgement_back(caller: Operator, fingerprint: str) -> None:
        """Have an alert repeated again. PagerDuty can't be told that."""
        acknowledging.take_back(caller.project, fingerprint)


def _add_links(router: APIRouter, acknowledging: Acknowledging) -> None:
    @router.get("/acknowledge/{token}", response_class=HTMLResponse)
    def show_acknowledge_page(token: str) -> HTMLResponse:
        """Where the link in a message leads: asks, and changes nothing. The link is the right to it."""
        try:
            title, project, count = acknowledging.look(token)
        except WatchkeeperError as error:
            return _page("This can't be acknowledged", error.message, error.http_status)
        if not count:
            return _page(title, "Nothing of this fires any more, or somebody takes care of it already.")
        return _page(title, f"{count} alert(s) of the project {project} wait for somebody.", form=FORM)

    @router.post("/acknowledge/{token}", response_class=HTMLResponse)
    async def follow_acknowledge_link(token: str, request: Request) -> HTMLResponse:
        """Acknowledge the alerts of a message by its link."""
        body = (await request.body())[:4096].decode("utf-8", "replace")
        author = _read_author(body)
        return await run_in_threadpool(_follow, acknowledging, token, author[:MOST_AUTHOR_CHARS])


def _read_author(body: str) -> str:
    """What stands in the form; nothing where there are more fields than the form has."""
    try:
        given = parse_qs(body, max_num_fields=4).get("author", [""])[0]
    except ValueError:
        return ""
    return "".join(character for character in " ".join(given.split()) if character.isprintable())


def _follow(acknowledging: Acknowledging, token: str, author: str) -> HTMLResponse:
    try:
        title, project, _ = acknowledging.look(token)
        _attribute(project, author)
        count = acknowledging.follow(token, author)
    except WatchkeeperError as error:
        return _page("This can't be acknowledged", error.message, error.http_status)
    return _page(title, f"{count} alert(s) acknowledged. They are not repeated until they resolve.")


def _attribute(project: str, author: str) -> None:
    """Tell the audit, which knows keys and people only, that it was a link."""
    deed = CURRENT.get()
    if deed is not None:
        deed.actor, deed.project, deed.scope = f"link:{author}", project, "alerts"
        deed.action = "POST /acknowledge/{token}"
        deed.body = None


def _page(heading: str, text: str, status: int = 200, form: str = "") -> HTMLResponse:
    content = PAGE.format(heading=escape(heading), text=escape(text), form=form)
    return HTMLResponse(content, status, HEADERS)
