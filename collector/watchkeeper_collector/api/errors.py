"""The one shape of every error that the API answers: ``{"error": {"code", "message", "details"}}``."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from watchkeeper_collector.errors import InvalidRequestError, OverloadedError, WatchkeeperError

RETRY_AFTER_S = 1.0
MOST_SHOWN_CHARS = 80
CODES = {404: "not_found", 405: "method_not_allowed"}


class ErrorFacts(BaseModel):
    """``code`` is for programs and never changes, ``message`` is for people."""

    code: str
    message: str
    details: dict[str, Any]


class ErrorBody(BaseModel):
    error: ErrorFacts


def install_error_shape(app: FastAPI) -> None:
    """Have the application answer every failure in the one shape."""
    app.add_exception_handler(WatchkeeperError, _answer_ours)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_routing)
    app.add_exception_handler(Exception, _answer_fault)


def render_error(error: WatchkeeperError) -> JSONResponse:
    return _render(error.http_status, error.code, error.message, error.details, _headers(error))


def _render(
    status: int, code: str, message: str, details: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> JSONResponse:
    body = {"error": {"code": code, "message": message, "details": dict(details)}}
    return JSONResponse(body, status, dict(headers or {}))


def _headers(error: WatchkeeperError) -> dict[str, str]:
    if error.http_status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if not error.is_retryable:
        return {}
    retry_after_s = error.retry_after_s if isinstance(error, OverloadedError) else RETRY_AFTER_S
    return {"Retry-After": str(max(1, round(retry_after_s)))}


async def _answer_ours(_: Request, error: Exception) -> Response:
    if not isinstance(error, WatchkeeperError):
        raise error
    return render_error(error)


async def _answer_invalid(_: Request, error: Exception) -> Response:
    """All that is wrong with parameters and body at once, each with its place."""
    if not isinstance(error, RequestValidationError):
        raise error
    problems = [{"where": _place(found["loc"]), "problem": found["msg"]} for found in error.errors()]
    lines = [
        f"{place['where']}: {place['problem']}{_shown(found)}"
        for place, found in zip(problems, error.errors(), strict=True)
    ]
    return render_error(InvalidRequestError("; ".join(lines), details={"problems": problems}))


async def _answer_routing(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    match error.status_code:
        case 404:
            message = f"There is nothing at '{request.url.path}'. See /api/v1/docs for what there is."
        case 405:
            message = f"'{request.url.path}' does not take {request.method}."
        case _:
            message = str(error.detail)
    return _render(
        error.status_code, CODES.get(error.status_code, InvalidRequestError.code), message, {}, error.headers
    )


async def _answer_fault(_request: Request, _error: Exception) -> Response:
    """A fault of ours, which the server logs with its traceback. The same request would meet it again."""
    return _render(500, "internal", "The collector failed at this request; its log says how.", {})


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location))


def _shown(found: Mapping[str, Any]) -> str:
    """The value that is wrong, where it is one that a person can read."""
    value = found.get("input")
    if not isinstance(value, str | int | float) or found["type"] == "json_invalid":
        return ""
    return f" (got {str(value)[:MOST_SHOWN_CHARS]!r})"
