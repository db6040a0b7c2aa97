"""The query API over HTTP, with the standard library alone: one request at a time needs no more."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http import HTTPStatus
from http.client import HTTPException, IncompleteRead
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from watchkeeper_collector.cli.console import clean
from watchkeeper_collector.cli.failures import FAILED, USED_WRONGLY, CommandFailedError

ANSWER_TIMEOUT_S = 120.0
JSON = "application/json"
PAGE_ITEMS = 1000
CHUNK_BYTES = 1 << 18
LONGEST_MESSAGE_CHARS = 2000


class AnswerError(CommandFailedError):
    """The collector refused a request, or gave no answer (status 0)."""

    def __init__(self, message: str, status: int, code: str = "") -> None:
        super().__init__(message, exit_code=USED_WRONGLY if code == "invalid_query" else FAILED)
        self.status = status
        self.code = code


class Answer(NamedTuple):
    body: bytes
    headers: Message


class Download(NamedTuple):
    """An answer whose body is read as it comes."""

    headers: Message
    chunks: Iterator[bytes]


class ApiClient:
    """Asks one collector. Every failure is an ``AnswerError`` that says what to do."""

    def __init__(self, url: str, api_key: str = "", *, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self.url = _read_url(url)
        self._api_key = api_key
        self._timeout_s = timeout_s
        self._opener = _build_opener(self.url)

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """The answer's JSON. Parameters that are ``None`` are left out, lists repeat."""
        return self._read_json(self.exchange("GET", _with_query(path, parameters or {})).body)

    def items(self, path: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """Every item of a list, page after page."""
        found: list[Any] = []
        cursor = None
        while True:
            page = self.get(path, {**(parameters or {}), "limit": PAGE_ITEMS, "cursor": cursor})
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def get_text(self, path: str, parameters: Mapping[str, Any], accept: str) -> str:
        """The answer as text of another media type."""
        return self.exchange("GET", _with_query(path, parameters), accept=accept).body.decode()

    def send(
        self, method: str, path: str, body: Any = None, parameters: Mapping[str, Any] | None = None
    ) -> Any:
        """The answer's JSON to a JSON body; ``None`` where the answer is empty."""
        data = None if body is None else json.dumps(body).encode()
        target = _with_query(path, parameters or {})
        answer = self.exchange(method, target, data, {"Content-Type": JSON}).body
        return self._read_json(answer) if answer else None

    def date_header(self, path: str) -> str:
        """When the collector thinks that it is; empty where it doesn't say."""
        return str(self.exchange("GET", path).headers.get("Date", ""))

    def exchange(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        accept: str = JSON,
    ) -> Answer:
        """One request and its answer."""
        request = self._build_request(method, path, data, {"Accept": accept, **(headers or {})})
        with self._translated_errors(), self._opener.open(request, timeout=self._timeout_s) as answer:
            return Answer(answer.read(), answer.headers)

    @contextmanager
    def download(self, path: str, parameters: Mapping[str, Any]) -> Iterator["Download"]:
        """An answer that is read bit by bit; leaving ends it."""
        request = self._build_request("GET", _with_query(path, parameters), None, {"Accept": "*/*"})
        with self._translated_errors():
            answer = self._opener.open(request, timeout=self._timeout_s)
        with answer:
            yield Download(answer.headers, self._read_chunks(answer))

    def _read_chunks(self, answer: Any) -> Iterator[bytes]:
        while True:
            with self._translated_errors():
                chunk = answer.read1(CHUNK_BYTES)
                if not chunk and answer.length:  # `read1` says nothing of it
                    raise IncompleteRead(b"", answer.length)
            if not chunk:
                return
            yield chunk

    def _build_request(
        self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]
    ) -> urllib.request.Request:
        request = urllib.request.Request(  # noqa: S310 - http and https only: see _read_url
            self.url + path, data, dict(headers), method=method
        )
        if self._api_key:
            request.add_unredirected_header("Authorization", f"Bearer {self._api_key}")
        return request

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except urllib.error.HTTPError as error:
            raise self._refused(error) from error
        except (OSError, HTTPException) as error:
            raise self._silent(error) from error

    def _read_json(self, content: bytes) -> Any:
        try:
            return json.loads(content)
        except ValueError as error:
            raise AnswerError(
                f"What answers at {self.url} is no Watchkeeper collector: it does not speak JSON."
                " Name another with --url or WATCHKEEPER_URL.",
                200,
            ) from error

    def _refused(self, error: urllib.error.HTTPError) -> AnswerError:
        code, message = _read_error(error.read(1 << 20))
        match error.code:
            case HTTPStatus.UNAUTHORIZED:
                advice = (
                    " Give a key with --api-key or WATCHKEEPER_API_KEY; `watchkeeper keys create` makes one."
                )
            case HTTPStatus.FORBIDDEN:
                advice = " `watchkeeper keys create --scope …` makes a key with other rights."
            case _:
                advice = ""
        message = (
            message or f"{self.url} answered {error.code} without a reason: is it a Watchkeeper collector?"
        )
        return AnswerError(message + advice, error.code, code)

    def _silent(self, error: OSError | HTTPException) -> AnswerError:
        reason = getattr(error, "reason", error)
        text = clean(str(getattr(reason, "strerror", None) or reason) or type(reason).__name__)
        return AnswerError(
            f"No collector answers at {self.url} ({text}). Start one with `watchkeeper up`,"
            " or name another with --url or WATCHKEEPER_URL.",
            0,
        )


def _read_url(url: str) -> str:
    url = url if "://" in url else f"http://{url}"
    parts = urlsplit(url)
    try:
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right or parts.query or parts.fragment:
        raise CommandFailedError(
            f"'{clean(url)}' is no collector's address. Expected one such as http://127.0.0.1:4318.",
            exit_code=USED_WRONGLY,
        )
    return url.rstrip("/")


def _build_opener(url: str) -> urllib.request.OpenerDirector:
    """Follows no redirect: the key is for the host that was named. No proxy is asked for this machine."""
    from watchkeeper_collector.settings import is_loopback_name  # noqa: PLC0415 - slow, for --help

    opener = urllib.request.OpenerDirector()
    is_local = is_loopback_name(urlsplit(url).hostname or "")
    for handler in (
        urllib.request.ProxyHandler({} if is_local else None),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _with_query(path: str, parameters: Mapping[str, Any]) -> str:
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def _read_error(content: bytes) -> tuple[str, str]:
    """Code and message of an error that has the API's shape; empty where it has not."""
    try:
        found = json.loads(content)["error"]
        return str(found["code"]), clean(str(found["message"]))[:LONGEST_MESSAGE_CHARS]
    except (ValueError, KeyError, TypeError):
        return "", ""
