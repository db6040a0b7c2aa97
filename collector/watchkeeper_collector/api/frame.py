"""The REST API as a whole: its routers, its documentation, what holds for every request."""

from collections.abc import Iterable

from fastapi import APIRouter, Depends, FastAPI
from starlette.types import ASGIApp

from watchkeeper_collector.api import docs_page
from watchkeeper_collector.api.access import PREFIX, Authenticate, Identify, name_deed
from watchkeeper_collector.api.auditing import Auditing, Keep, Ledger
from watchkeeper_collector.api.body_limit import BodyLimit
from watchkeeper_collector.api.errors import ErrorBody, install_error_shape

DOCS_PATH = f"{PREFIX}/docs"
DESCRIPTION = """
Ask for what came in. A key's project is the project of every answer; times are RFC 3339 or relative (`-24h`);
lists answer `{"items": […], "next_cursor"}`; every error is `{"error": {"code", "message", "details"}}`.
"""


def build_api(
    health: APIRouter,
    routers: Iterable[APIRouter],
    *,
    version: str,
    authenticate: Authenticate,
    people: Identify | None = None,
    keep: Keep | None = None,
) -> ASGIApp:
    """The application: ``health`` at the root, the other routers under the prefix.

    ``people`` recognises tokens of persons, ``keep`` adds entries to the audit.
    """
    app = FastAPI(
        title="Watchkeeper",
        version=version,
        description=DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(name_deed)],
        generate_unique_id_function=lambda route: route.name,
        responses={"default": {"model": ErrorBody, "description": "An error."}},
    )
    app.state.authenticate, app.state.people = authenticate, people
    install_error_shape(app)
    app.include_router(health)
    app.include_router(docs_page.build_router(), prefix=PREFIX)
    for router in routers:
        app.include_router(router, prefix=PREFIX)
    return BodyLimit(Auditing(app, Ledger(keep).add) if keep is not None else app)
