"""The body of an invocation's answer, which the application reads as it likes, if it does."""

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.call import Call

HEADERS = "headers"
BODY = "body"
"""Members of an answer as ``invocation.read_response`` reads it."""


def watch_body(call: Call, result: Any) -> None:
    """Note what the headers say at once, and the body as it is read."""
    headers = result.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    body = result.get("body")
    if hasattr(body, "_raw_stream"):
        body._raw_stream = WatchedBody(body._raw_stream, call, headers)  # noqa: SLF001 - the seam
    else:  # a stub's: bytes in memory, say
        call.answer({HEADERS: headers})


class WatchedBody:
    """Stands for the HTTP response beneath a ``StreamingBody``: passes everything on, and remembers what was
    read.
    """

    def __init__(self, raw: Any, call: Call, headers: Mapping[str, Any]) -> None:
        self._raw = raw
        self._call = call
        self._headers = headers
        self._content: list[bytes] = []
        self._is_read = False
        self._keep()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def __iter__(self) -> Iterator[bytes]:
        return self._noted(iter(self._raw))

    def read(self, amt: int | None = None, *more: Any, **options: Any) -> bytes:
        try:
            content: bytes = self._raw.read(amt, *more, **options)
        except BaseException as error:
            self._call.guard(self._call.fail, error)
            raise
        is_last = amt is None or amt < 0 or (not content and amt > 0)
        self._call.guard(self._note, content)
        self._call.guard(self._end) if is_last else None
        return content

    def readinto(self, buffer: Any) -> int:
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def readlines(self, *args: Any) -> list[bytes]:
        return list(self._noted(iter(self._raw.readlines(*args))))

    def stream(self, *args: Any, **options: Any) -> Iterator[bytes]:
        return self._noted(self._raw.stream(*args, **options))

    def close(self) -> None:
        self._call.guard(self._call.break_off)
        self._raw.close()

    def __del__(self) -> None:
        if call := self.__dict__.get("_call"):
            call.guard(call.abandon)

    def _noted(self, contents: Iterator[bytes]) -> Iterator[bytes]:
        for content in contents:
            self._call.guard(self._note, content)
            yield content
        self._call.guard(self._end)

    def _note(self, content: bytes) -> None:
        if not self._is_read:
            self._content.append(content)

    def _end(self) -> None:
        if not self._is_read:
            self._is_read = True
            self._keep()
            self._call.complete()

    def _keep(self) -> None:
        """Of a body that is left before its end, the headers, which have the counts of tokens."""
        self._call.result = self._call.snapshot.take({HEADERS: self._headers, BODY: b"".join(self._content)})
