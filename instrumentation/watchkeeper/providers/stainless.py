"""Clients that the Stainless generator makes: openai, anthropic, groq, together and more share one base
client.

Every request of theirs, however it was asked for (plain, parsed, raw, streamed, by a stream helper), goes
through ``SyncAPIClient.request`` or its async twin with the body as plain data: one seam for all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from watchkeeper.call import Call, Endpoint, Receive
from watchkeeper.patching import Begin, Patch, patch, traced
from watchkeeper.reading import Reader
from watchkeeper.recorder import Recorder
from watchkeeper.streams import notice_closing
from watchkeeper.wire import Compressed, Encoded

SEAMS = ("SyncAPIClient", "AsyncAPIClient")
"""Classes of the package's ``_base_client`` whose ``request`` is wrapped."""
FindEndpoint = Callable[[Any, str], Endpoint]
"""By a client, and the address that it sends to."""
FILES = "files"
"""Member of a request's body that names what was uploaded beside it."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Which requests are recorded, by method and path; ``*`` stands for an identifier at the end, or before
    the last word.
    """

    readers: Mapping[tuple[str, str], Reader]

    def find(self, method: str, url: str) -> Reader | None:
        path = urlsplit(url).path.rstrip("/")
        parent, _, name = path.rpartition("/")
        patterns = (path, f"{parent}/*", f"{parent.rpartition('/')[0]}/*/{name}")
        found = (self.readers.get((method.lower(), pattern)) for pattern in patterns)
        return next(filter(None, found), None)


def begin(
    recorder: Recorder, routes: Routes, endpoint: FindEndpoint, receive: Receive | None = None
) -> Begin:
    """Starts the calls of one package's clients."""
    receive = receive or receive_result

    def begin_request(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call | None:
        options = kwargs["options"] if "options" in kwargs else args[2]
        reader = routes.find(options.method, options.url)
        if reader is None:
            return None
        client = args[0]
        address = options.url if "://" in options.url else str(client.base_url)
        return recorder.begin(reader, endpoint(client, address), read_body(options), receive)

    return begin_request


def instrument(
    recorder: Recorder,
    package: str,
    routes: Routes,
    endpoint: FindEndpoint,
    receive: Receive | None = None,
) -> list[Patch]:
    """Wrap the one method that every request of a package's clients goes through."""
    base = import_module(f"{package}._base_client")
    begin_request = begin(recorder, routes, endpoint, receive)
    return [
        patch(getattr(base, seam), "request", lambda method: traced(method, begin_request, recorder.guard))
        for seam in SEAMS
    ]


def read_body(options: Any) -> dict[str, Any]:
    """The request's body as the API takes it, with the names of uploaded files; where there is none, the
    address.
    """
    body = options.json_data if isinstance(options.json_data, Mapping) else {}
    extra = getattr(options, "extra_json", None) or {}
    uploads = {FILES: [_upload(file) for file in _items(options.files)]} if options.files else {}
    address = {"url": options.url} if options.method.lower() == "get" else {}
    return {**body, **extra, **uploads, **address}


def _items(files: Any) -> list[tuple[str, Any]]:
    return list(files.items()) if isinstance(files, Mapping) else list(files)


def _upload(file: tuple[str, Any]) -> dict[str, Any]:
    """Field, file name, content (if it is in memory) and type of an upload in one of httpx's forms."""
    field, value = file
    name, content, *more = value if isinstance(value, tuple) else (None, value)
    is_binary = isinstance(content, bytes | bytearray)
    return {
        "field": field,
        "name": name,
        "content": content if is_binary else None,
        "mime_type": more[0] if more else None,
    }


def receive_result(call: Call, result: Any) -> Any:
    """Take note of what ``request`` returned, and return that very object."""
    if is_stream(result):
        listen(call, result)
    elif (http := getattr(result, "http_response", None)) is not None:
        _receive_raw(call, result, http)
    elif hasattr(getattr(result, "response", None), "iter_bytes"):  # binary content, such as speech
        call.answer_encoded(_encoded(result.response))
    else:
        call.answer(result)
    return result


def is_stream(result: Any) -> bool:
    """Whether a result has the iterator that all its own ways to be read go through, made by now or on first
    use.
    """
    return "_iterator" in (getattr(result, "__dict__", None) or ()) or hasattr(type(result), "_iterator")


def listen(call: Call, stream: Any) -> None:
    """Put an observed iterator into the stream, and notice when its response is closed.

    The stream's own ``close`` and those of all helpers around it end in the response's.
    """
    iterator = call.observe(stream._iterator)  # noqa: SLF001 - the seam
    stream._iterator = iterator  # noqa: SLF001
    method = "aclose" if hasattr(iterator, "__anext__") else "close"
    http = stream.response if hasattr(stream, "response") else stream.http_response
    notice_closing(http, method, iterator)


def _receive_raw(call: Call, result: Any, http: Any) -> None:
    """A raw response: read already, or to be read by the application in its own way."""
    if http.is_closed:
        call.answer_encoded(_encoded(http))
    elif "Legacy" in type(result).__name__:  # parses to the same stream for whoever asks
        listen(call, result.parse())
    else:
        http.stream = call.tap(http.stream, _compressed(http))


def _encoded(http: Any) -> Encoded:
    return Encoded(http.content, http.headers.get("content-type", ""))


def _compressed(http: Any) -> Compressed:
    kind, headers = type(http), http.headers
    return Compressed(
        content_type=headers.get("content-type", ""),
        decompress=lambda content: bytes(kind(200, headers=headers, content=content).content),
    )
