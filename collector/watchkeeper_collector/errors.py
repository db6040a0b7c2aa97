"""The collector's exception tree.

::

    WatchkeeperError
    ├── InvalidRequestError        the sender's fault; the same request fails again
    │   ├── UnsupportedMediaError  a content type or encoding that no decoder takes
    │   ├── RequestTooLargeError   over a limit of size or count
    │   ├── ConflictError          a name that is taken
    │   └── InvalidQueryError      a filter, measure, dimension or SQL text we refuse
    ├── UnauthenticatedError       no key, or one we do not know
    ├── ForbiddenError             a key without the scope or project
    ├── NotFoundError
    ├── OverloadedError            back-pressure: try again later
    │   ├── RateLimitedError       this key is over its own share
    │   └── SpoolFullError         the spool's disk quota is used up
    ├── QueryLimitError            a query hit its time or memory limit
    ├── StoreUnavailableError      ClickHouse does not answer
    ├── StateUnavailableError      the relational state store does not answer
    ├── IdentityUnavailableError   the OpenID Connect provider does not answer
    ├── RefusedSegmentError        ClickHouse answers, and refuses this data
    ├── SealedError                bytes on disk whose key is missing or another
    └── ConfigurationError         settings that cannot work
        └── InvalidBackupError     a backup that is damaged, or does not fit here

Each class knows its HTTP status, its gRPC status and whether a retry can help, so that the
two doors and the API never decide that for themselves. OTLP clients retry on 429, 502, 503
and 504 only: nothing that a retry would cure may be another status.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class WatchkeeperError(Exception):
    """Base of everything the collector raises on purpose.

    ``code`` is the stable machine-readable name, ``message`` is for people, ``details`` holds
    JSON-serialisable facts (for a filter error: ``column``).
    """

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 503
    grpc_status: ClassVar[str] = "UNAVAILABLE"
    is_retryable: ClassVar[bool] = True

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})


class InvalidRequestError(WatchkeeperError):
    code = "invalid_request"
    http_status = 400
    grpc_status = "INVALID_ARGUMENT"
    is_retryable = False


class UnsupportedMediaError(InvalidRequestError):
    code = "unsupported_media_type"
    http_status = 415


class RequestTooLargeError(InvalidRequestError):
    code = "too_large"
    http_status = 413
    grpc_status = "RESOURCE_EXHAUSTED"


class ConflictError(InvalidRequestError):
    code = "conflict"
    http_status = 409
    grpc_status = "ALREADY_EXISTS"


class InvalidQueryError(InvalidRequestError):
    code = "invalid_query"


class UnauthenticatedError(WatchkeeperError):
    code = "unauthenticated"
    http_status = 401
    grpc_status = "UNAUTHENTICATED"
    is_retryable = False


class ForbiddenError(WatchkeeperError):
    code = "forbidden"
    http_status = 403
    grpc_status = "PERMISSION_DENIED"
    is_retryable = False


class NotFoundError(WatchkeeperError):
    code = "not_found"
    http_status = 404
    grpc_status = "NOT_FOUND"
    is_retryable = False


class OverloadedError(WatchkeeperError):
    """Back-pressure. ``retry_after_s`` becomes ``Retry-After`` and gRPC ``RetryInfo``."""

    code = "overloaded"

    def __init__(
        self, message: str, *, retry_after_s: float = 1.0, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message, details=details)
        self.retry_after_s = retry_after_s


class RateLimitedError(OverloadedError):
    code = "rate_limited"
    http_status = 429


class SpoolFullError(OverloadedError):
    code = "spool_full"


class QueryLimitError(WatchkeeperError):
    code = "query_limit"
    http_status = 422
    grpc_status = "FAILED_PRECONDITION"
    is_retryable = False


class StoreUnavailableError(WatchkeeperError):
    code = "store_unavailable"


class StateUnavailableError(WatchkeeperError):
    code = "state_unavailable"


class IdentityUnavailableError(WatchkeeperError):
    code = "identity_unavailable"


class RefusedSegmentError(WatchkeeperError):
    code = "refused"
    http_status = 400
    grpc_status = "INVALID_ARGUMENT"
    is_retryable = False


class SealedError(WatchkeeperError):
    code = "sealed"
    is_retryable = False


class ConfigurationError(WatchkeeperError):
    code = "configuration"
    is_retryable = False


class InvalidBackupError(ConfigurationError):
    code = "invalid_backup"
