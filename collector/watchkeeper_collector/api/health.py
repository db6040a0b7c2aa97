"""What machines ask: is it alive, is it ready, what does it count."""

from collections.abc import Callable, Sequence

from fastapi import APIRouter, Response, params
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse

from watchkeeper_collector.telemetry import Telemetry


def build_router(
    problem: Callable[[], str],
    telemetry: Telemetry,
    docs_path: str,
    metrics_guards: Sequence[params.Depends] = (),
) -> APIRouter:
    """``problem`` says what keeps the collector from being ready; empty: nothing."""
    router = APIRouter(tags=["health"])

    @router.head("/healthz", include_in_schema=False)
    @router.get("/healthz")
    async def is_alive() -> dict[str, str]:
        """Whether the process answers: telemetry is taken."""
        return {"status": "ok"}

    @router.head("/readyz", include_in_schema=False)
    @router.get("/readyz", responses={503: {"description": "Not ready; `problem` says why."}})
    async def is_ready() -> JSONResponse:
        """Whether telemetry reaches the store and can be asked for. Before that it waits on disk."""
        found = problem()
        if found:
            return JSONResponse({"status": "not ready", "problem": found}, 503)
        return JSONResponse({"status": "ready"})

    @router.get("/metrics", response_class=PlainTextResponse, dependencies=metrics_guards)
    async def read_metrics() -> Response:
        """The collector's own metrics, in Prometheus' form."""
        return Response(telemetry.render(), media_type=telemetry.content_type)

    @router.get("/", include_in_schema=False)
    async def go_to_docs() -> Response:
        return RedirectResponse(docs_path)

    return router
