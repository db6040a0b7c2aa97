"""Who may call an endpoint: the dependencies that routers declare their scope with.

::

    @router.get("/traces")
    def list_traces(caller: Reader) -> …: …   # a key with the scope `read`; `caller.project` is its project

Every endpoint declares one; a test enumerates them. What changes something is audited without a word of the
router's. Answers with prompts or answers in them take ``ContentReader``, or, where content is only a part of
the answer, ask :func:`may_show_content`: either way the read is audited.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Protocol

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from watchkeeper_collector.errors import ForbiddenError, NotFoundError
from watchkeeper_collector.state.deeds import CURRENT, note_content_read
from watchkeeper_collector.state.keys import Principal

Authenticate = Callable[[Mapping[str, str]], Principal]
"""Headers → whom the request acts as. Raises ``UnauthenticatedError`` or ``ForbiddenError``."""

IsOperator = Callable[[Principal], bool]
"""Whether somebody may see the collector as a whole, and with that, that there are other projects."""

PREFIX = "/api/v1"
"""Where all of it is, but for health and for paths of other products."""

CONVERTER = re.compile(r":\w+\}")
PROJECT_HEADER = "x-watchkeeper-project"
BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="API key",
    description="`Authorization: Bearer <key>`, or the key in `x-api-key`; or a token of the OpenID Connect"
    " provider, where one is set up. On loopback, while there is no key, none is needed.",
)


class Identify(Protocol):
    """Recognises people: ``watchkeeper_collector.api.people.People`` is one."""

    def read_token(self, headers: Mapping[str, str]) -> str:
        """The token in the headers; empty where there is none."""

    async def authenticate(self, token: str, project: str) -> Principal:
        """Whom it stands for, in the project, or in their first one for an empty text."""


def requires(scope: str) -> Callable[..., Awaitable[Principal]]:
    """A dependency that gives the caller, and refuses one who lacks the scope; empty: whoever is known may.

    The application's state holds ``authenticate`` and ``people``.
    """

    async def check(request: Request, _documented: Annotated[object, Depends(BEARER)]) -> Principal:
        caller = await _identify(request)
        _attribute(caller, scope)
        if scope:
            caller.check_scope(scope)
        if scope == "content":
            note_content_read()
        return caller

    check.__dict__["scope"] = scope
    return check


async def _identify(request: Request) -> Principal:
    """Whom the request acts as. A key acts in its own project, and in no other that the request may name."""
    wanted = request.headers.get(PROJECT_HEADER, "").strip()
    people: Identify | None = getattr(request.app.state, "people", None)
    if people is not None and (token := people.read_token(request.headers)):
        return await people.authenticate(token, wanted)
    authenticate: Authenticate = request.app.state.authenticate
    caller = authenticate(request.headers)
    if wanted and wanted != caller.project:
        raise unknown_project(wanted)
    return caller


def unknown_project(name: str) -> NotFoundError:
    """The same words whether there is none, or one of others."""
    return NotFoundError(f"There is no project '{name[:64]}' that you may see.")


async def name_deed(request: Request) -> None:
    """Tell the audit what is asked for, by the template of the route. Every route depends on it."""
    deed = CURRENT.get()
    if deed is not None:
        template = str(getattr(request.scope.get("route"), "path", ""))
        deed.action = f"{request.method} {CONVERTER.sub('}', template.removeprefix(PREFIX))}"
        deed.target = {**request.query_params, **request.path_params}


def _attribute(caller: Principal, scope: str) -> None:
    """Tell the audit who it is."""
    deed = CURRENT.get()
    if deed is not None:
        deed.actor, deed.project, deed.scope = caller.actor, caller.project, scope
        deed.may_read_content = caller.allows("content")


def may_show_content(caller: Principal) -> bool:
    """True for a caller with the scope ``content``, whose answer then has it: the audit notes a read."""
    if not caller.allows("content"):
        return False
    note_content_read()
    return True


Known = Annotated[Principal, Security(requires(""))]
Reader = Annotated[Principal, Security(requires("read"), scopes=["read"])]
ContentReader = Annotated[Principal, Security(requires("content"), scopes=["content"])]
Writer = Annotated[Principal, Security(requires("ingest"), scopes=["ingest"])]
Operator = Annotated[Principal, Security(requires("alerts"), scopes=["alerts"])]
Admin = Annotated[Principal, Security(requires("admin"), scopes=["admin"])]


def operators_only(is_operator: IsOperator) -> Callable[..., Awaitable[None]]:
    """A dependency that refuses whoever may not see the collector as a whole."""

    async def check(caller: Reader) -> None:
        if not is_operator(caller):
            raise ForbiddenError("This is about all projects. A key of the operators' project may see it.")

    return check
