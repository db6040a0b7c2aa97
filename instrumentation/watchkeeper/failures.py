"""Exceptions of clients and of the application's steps, as text."""

from dataclasses import dataclass
from traceback import format_exception


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception as text, so that none of the application's objects are kept alive."""

    type: str
    message: str
    stacktrace: str
    http_status: int | None
    rpc_code: str | None = None
    """JSON-RPC's number, where the other side answered with an error."""


def read_failure(error: BaseException) -> Failure:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return Failure(
        type=name,
        message=str(error),
        stacktrace="".join(format_exception(error)),
        http_status=_http_status(error),
        rpc_code=_rpc_code(error),
    )


def _http_status(error: BaseException) -> int | None:
    """Clients of httpx's kind say ``status_code``, Google's say ``code``, Amazon's quote the response, and
    Hugging Face's have it.

    One below 400 is that of a stream which failed later.
    """
    response = getattr(error, "response", None)
    metadata = response.get("ResponseMetadata") if isinstance(response, dict) else None
    quoted = metadata.get("HTTPStatusCode") if isinstance(metadata, dict) else None
    answered = getattr(response, "status_code", None)
    said = (getattr(error, "status_code", None), getattr(error, "code", None), quoted, answered)
    return next((status for status in said if isinstance(status, int) and 400 <= status < 600), None)


def _rpc_code(error: BaseException) -> str | None:
    """MCP's exceptions carry JSON-RPC's error object."""
    code = getattr(getattr(error, "error", None), "code", None)
    return str(code) if isinstance(code, int) else None
