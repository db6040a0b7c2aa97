"""The API's documentation as a page that needs nothing from elsewhere.

FastAPI's own loads its scripts from a public CDN: on loopback without keys they could read everything, and
without a network there is no page.
"""

from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import HTMLResponse

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self';"
        " form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def build_router() -> APIRouter:
    router = APIRouter(include_in_schema=False)
    page = files(__package__).joinpath("docs.html").read_text("utf-8")

    @router.get("/docs")
    async def read_docs() -> HTMLResponse:
        return HTMLResponse(page, headers=HEADERS)

    return router
