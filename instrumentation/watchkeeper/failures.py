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


def read_failure(error: BaseException) -> Failure:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    status = getattr(error, "status_code", None)
    return Failure(
        type=name,
        message=str(error),
        stacktrace="".join(format_exception(error)),
        http_status=status if isinstance(status, int) else None,
    )
