"""What Cohere bills, and its words for why an answer ended."""

from typing import Any

from watchkeeper.reading import Attributes, Usage, count, mapping, present, text

FINISH_REASONS = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_call",
    "ERROR": "error",
    "ERROR_LIMIT": "length",
    "ERROR_TOXIC": "content_filter",
    "TIMEOUT": "error",
    "USER_CANCEL": "stop",
}
UNITS = {
    "search_units": "cohere.usage.search_units",
    "images": "cohere.usage.images",
}
"""What is billed beside tokens."""


def read_usage(value: Any) -> Usage:
    """The billed tokens, which the conventions want, rather than all that the model saw; what came from the
    cache is among the latter, so it is told only where it fits.
    """
    usage = mapping(value)
    billed, seen = mapping(usage.get("billed_units")), mapping(usage.get("tokens"))
    input_tokens = count(billed.get("input_tokens", seen.get("input_tokens")))
    cached, images = count(usage.get("cached_tokens")), count(billed.get("image_tokens"))
    fits = cached is not None and input_tokens is not None and cached <= input_tokens
    total = images if input_tokens is None else input_tokens
    return Usage(
        input_tokens=total,
        output_tokens=count(billed.get("output_tokens", seen.get("output_tokens"))),
        cache_read_tokens=cached if fits else None,
        input_image_tokens=images,
    )


def read_units(value: Any) -> Attributes:
    return present(mapping(mapping(value).get("billed_units")), UNITS)


def finish_reason(value: Any) -> str | None:
    said = text(value)
    return FINISH_REASONS.get(said, said.lower()) if said else None
