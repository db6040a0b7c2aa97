"""Which calls keep their content, and how it is put on a span."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.media import blob_part
from watchkeeper.reading import Response
from watchkeeper.settings import Settings
from watchkeeper.snapshot import Binary, Vector

TRUNCATED = frozenset({"length", "max_tokens", "max_output_tokens", "incomplete", "MAX_TOKENS"})
REFUSED = frozenset({"content_filter", "refusal", "SAFETY", "PROHIBITED_CONTENT"})
MASK_64 = (1 << 64) - 1
SHORTEST_CUT = 64


def is_sampled(trace_id: int, ratio: float) -> bool:
    """The same for every process that sees the trace: by the low 64 bits of its id, as OpenTelemetry's
    sampler.
    """
    return trace_id & MASK_64 < round(ratio * (1 << 64))


def reason_to_keep(
    settings: Settings,
    trace_id: int,
    response: Response,
    *,
    is_error: bool,
    duration_s: float,
    cost_usd: float | None,
) -> str | None:
    """Why the content of a call is kept, or ``None``."""
    if settings.capture != "sampled":
        return "all" if settings.capture == "all" else None
    reasons = set(response.finish_reasons)
    rules = (
        # First, since shares among the sampled are shares among all, whatever else is kept.
        ("sampled", is_sampled(trace_id, settings.sample_ratio)),
        ("error", is_error),
        ("refusal", bool(reasons & REFUSED) or _refuses(response)),
        ("truncated", bool(reasons & TRUNCATED)),
        ("empty", _is_empty(response)),
        ("slow", duration_s >= settings.slow_s),
        ("dear", cost_usd is not None and cost_usd >= settings.dear_usd),
    )
    return next((name for name, applies in rules if applies), None)


def render(value: Any, limit_bytes: int) -> tuple[str, bool]:
    """JSON of at most about ``limit_bytes``, and whether texts inside it had to be cut."""
    text = _dump(value)
    longest = limit_bytes // 2
    while _size_bytes(text) > limit_bytes and longest >= SHORTEST_CUT:
        text = _dump(_cut(value, longest))
        longest //= 2
    if _size_bytes(text) > limit_bytes:
        return _dump([]), True
    return text, longest != limit_bytes // 2


def _size_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _dump(value: Any) -> str:
    text = ENCODER.encode(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _described(value: Any) -> Any:
    """What stands for a value that is no text."""
    match value:
        case Vector():
            return {"type": "vector", "length": value.length}
        case bytes() | Binary():
            return blob_part("file", value)
    return str(value)


ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_described)


def _cut(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= longest else value[:longest] + "…"
    if isinstance(value, Mapping):
        return {key: _cut(item, longest) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cut(item, longest) for item in value]
    return value


def _parts(response: Response) -> Iterator[Mapping[str, Any]]:
    for message in response.messages:
        yield from message.get("parts", ())


def _refuses(response: Response) -> bool:
    return any(part.get("type") == "refusal" for part in _parts(response))


def _is_empty(response: Response) -> bool:
    """An answer was expected and has no part with anything in it."""
    if response.is_pending or response.error_type:
        return False
    return bool(response.messages) and not any(
        part.get("content") or part.get("type") not in ("text", "reasoning") for part in _parts(response)
    )
