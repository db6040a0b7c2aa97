"""Anthropic's usage objects."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.reading import Attributes, Usage, count, mapping, mappings, present

FACTS = {"service_tier": "anthropic.response.service_tier", "speed": "anthropic.response.speed"}
COMPACTION = "anthropic.usage.compaction."


def read_usage(value: Any) -> Usage:
    """What is billed at the model's prices: the answer's tokens, and those of compactions made on the way,
    which the totals leave out.
    """
    usage = mapping(value)
    parts = [usage, *_compactions(usage)]
    reads, writes, hour_writes = (
        _total(parts, "cache_read_input_tokens"),
        _total(parts, "cache_creation_input_tokens"),
        _total([mapping(part.get("cache_creation")) for part in parts], "ephemeral_1h_input_tokens"),
    )
    uncached = _total(parts, "input_tokens")
    return Usage(
        input_tokens=None if uncached is None else uncached + (reads or 0) + (writes or 0),
        output_tokens=_total(parts, "output_tokens"),
        cache_read_tokens=reads,
        cache_write_tokens=writes,
        cache_write_1h_tokens=hour_writes,
        reasoning_tokens=count(mapping(usage.get("output_tokens_details")).get("thinking_tokens")),
        web_searches=count(mapping(usage.get("server_tool_use")).get("web_search_requests")),
    )


def read_usage_facts(value: Any) -> Attributes:
    """What a usage object says beside the counts that are priced."""
    usage = mapping(value)
    attributes: Attributes = present(usage, FACTS)
    if usage.get("speed") == "fast":  # has prices of its own, by a name that stands for one of all providers
        attributes["gen_ai.response.service_tier"] = "fast"
    writes = mapping(usage.get("cache_creation"))
    five_minutes = "ephemeral_5m_input_tokens"
    attributes |= present(writes, {five_minutes: f"anthropic.usage.cache_creation.{five_minutes}"})
    tools = mapping(usage.get("server_tool_use"))
    attributes |= present(tools, {"web_fetch_requests": "anthropic.usage.server_tool_use.web_fetch_requests"})
    if compactions := _compactions(usage):
        spent = read_usage({"iterations": compactions})
        attributes[f"{COMPACTION}input_tokens"] = spent.input_tokens or 0
        attributes[f"{COMPACTION}output_tokens"] = spent.output_tokens or 0
    return attributes


def _compactions(usage: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [part for part in mappings(usage.get("iterations")) if part.get("type") == "compaction"]


def _total(parts: list[Mapping[str, Any]], key: str) -> int | None:
    counts = [found for part in parts if (found := count(part.get(key))) is not None]
    return sum(counts) if counts else None
