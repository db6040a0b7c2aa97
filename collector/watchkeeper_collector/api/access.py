"""Who may call an endpoint: the dependencies that routers declare their scope with.

::

    @router.get("/traces")
    def list_traces(caller: Reader) -> …: …   # a key with the scope `read`; `caller.project` is its project
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from watchkeeper_collector.state.keys import Principal

Authenticate = Callable[[Mapping[str, str]], Principal]
"""Headers → whom the request acts as. Raises ``UnauthenticatedError`` or ``ForbiddenError``."""

BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="API key",
    description="`Authorization: Bearer <key>`, or the key in `x-api-key`. On loopback, while there is no"
    " key, none is needed.",
)


def requires(scope: str) -> Callable[..., Awaitable[Principal]]:
    """A dependency that gives the caller, and refuses one whose key lacks the scope.

    The application's state holds ``authenticate``; it waits for nothing, so no thread is spent on it.
    """

    async def check(request: Request, _documented: Annotated[object, Depends(BEARER)]) -> Principal:
        authenticate: Authenticate = request.app.state.authenticate
        caller = authenticate(request.headers)
        caller.check_scope(scope)
        return caller

    return check


Reader = Annotated[Principal, Security(requires("read"), scopes=["read"])]
Writer = Annotated[Principal, Security(requires("ingest"), scopes=["ingest"])]
Operator = Annotated[Principal, Security(requires("alerts"), scopes=["alerts"])]
Admin = Annotated[Principal, Security(requires("admin"), scopes=["admin"])]
