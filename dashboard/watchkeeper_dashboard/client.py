"""The collector's API over HTTP. Every failure is an :class:`ApiError` with words for a person."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx

TIMEOUT = httpx.Timeout(60.0, connect=3.0)
MOST_CONNECTIONS = 64
LONGEST_MESSAGE_CHARS = 2000
# Says that somebody else is behind the request: a collector without keys then serves nobody but itself.
PROJECT_HEADER = "X-Watchkeeper-Project"
RELAYED = {"X-Forwarded-For": "dashboard"}
Parameters: TypeAlias = Mapping[str, Any]


class ApiError(Exception):
    """The collector refused a request. ``code`` is for programs; empty: it has no shape that we know."""

    def __init__(self, message: str, *, status: int = 0, code: str = "", details: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.details = details or {}


class UnreachableError(ApiError):
    """No collector answers."""


class UnauthenticatedError(ApiError):
    """A key is needed, or another one than was given."""


class ForbiddenError(ApiError):
    """The key's scopes do not reach that far."""


class MissingError(ApiError):
    """There is nothing under that name; or the collector is older than the page that asks."""


KINDS: Mapping[int, type[ApiError]] = {401: UnauthenticatedError, 403: ForbiddenError, 404: MissingError}


@dataclass(frozen=True, slots=True)
class Question:
    """One GET of the API. Parameters that are ``None`` or empty are left out, lists repeat."""

    path: str
    parameters: Parameters = field(default_factory=dict)

    def key(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """By which two questions are the same."""
        return self.path, tuple(sorted((name, str(value)) for name, value in self.parameters.items()))


def build_http(url: str, *, is_relayed: bool) -> httpx.Client:
    """One pool of connections for all viewers; nothing in it belongs to one of them.

    It follows no redirect, as a viewer's key is for the collector that was named. ``is_relayed``: viewers may
    be on other machines.
    """
    limits = httpx.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=MOST_CONNECTIONS)
    headers = RELAYED if is_relayed else {}
    return httpx.Client(
        base_url=f"{url.rstrip('/')}/api/v1", timeout=TIMEOUT, limits=limits, headers=headers, trust_env=False
    )


class Collector:
    """The API as one viewer may use it: with that viewer's key, or token, and no other.

    ``project`` is the one that a person chose, ``address`` the viewer's, for the audit.
    """

    def __init__(
        self, http: httpx.Client, credential: str = "", project: str = "", address: str = ""
    ) -> None:
        self._http = http
        given = {"Authorization": f"Bearer {credential}", PROJECT_HEADER: project, "X-Forwarded-For": address}
        self._headers = {name: value for name, value in given.items() if value} if credential else {}

    @property
    def url(self) -> str:
        """The collector's address, without the path of the API."""
        return str(self._http.base_url).rstrip("/").removesuffix("/api/v1")

    def get(self, path: str, parameters: Parameters | None = None) -> Any:
        return self._exchange("GET", path, parameters or {})

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON to a JSON body; ``None`` where the answer is empty."""
        return self._exchange(method, path, {}, body)

    def download(self, path: str, parameters: Parameters, accept: str = "*/*") -> bytes:
        """The answer as it is, for a file."""
        return self._request("GET", path, parameters, headers={"Accept": accept}).content

    def _exchange(self, method: str, path: str, parameters: Parameters, body: Any = None) -> Any:
        answer = self._request(method, path, parameters, body)
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError as error:
            raise _stranger(self.url) from error

    def _request(
        self,
        method: str,
        path: str,
        parameters: Parameters,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        given = {name: value for name, value in parameters.items() if value not in (None, "", [], ())}
        sent = {**self._headers, **(headers or {})}
        try:
            answer = self._http.request(method, path, params=given, json=body, headers=sent)
        except httpx.HTTPError as error:
            raise _silent(self.url, error) from error
        if answer.is_success:
            return answer
        raise _refused(self.url, answer)


class Answers:
    """What several questions were answered, by their names. Reading one that failed raises its error."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = found

    def __getitem__(self, name: str) -> Any:
        found = self._found[name]
        if isinstance(found, ApiError):
            raise found
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """The answer, or the default where it failed: for what a page can do without."""
        found = self._found.get(name, default)
        return default if isinstance(found, ApiError) else found

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names with what came: an answer, or the error instead of it."""
        yield from self._found.items()


def ask(collector: Collector, questions: Mapping[str, Question], executor: Executor) -> Answers:
    """Ask all at once."""
    pending = {name: executor.submit(_answer, collector, question) for name, question in questions.items()}
    return Answers({name: future.result() for name, future in pending.items()})


def path_of(*parts: str) -> str:
    """A path with names in it that may hold anything."""
    return "/" + "/".join(quote(part, safe="") for part in parts)


def _answer(collector: Collector, question: Question) -> Any:
    try:
        return collector.get(question.path, question.parameters)
    except ApiError as error:
        return error


def _refused(url: str, answer: httpx.Response) -> ApiError:
    try:
        error = answer.json()["error"]
        code, message, details = str(error["code"]), str(error["message"]), error.get("details")
    except (ValueError, KeyError, TypeError):
        return _stranger(url, answer.status_code)
    kind = KINDS.get(answer.status_code, ApiError)
    return kind(message[:LONGEST_MESSAGE_CHARS], status=answer.status_code, code=code, details=details)


def _silent(url: str, error: httpx.HTTPError) -> ApiError:
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        return ApiError("The collector did not answer in time. Ask for a shorter time range, or try again.")
    return UnreachableError(
        f"No collector answers at {url}. Start one with `watchkeeper up`, or start the dashboard with"
        " `--url` of another."
    )


def _stranger(url: str, status: int = 200) -> ApiError:
    return ApiError(
        f"What answers at {url} is no Watchkeeper collector (status {status}, and not the API's JSON).",
        status=status,
    )
