"""OpenAI's usage objects, of chat completions, responses, embeddings, images and audio alike."""

from typing import Any

from watchkeeper.reading import Usage, count, mapping

RESPONSE = {
    "service_tier": "openai.response.service_tier",
    "system_fingerprint": "openai.response.system_fingerprint",
}
"""Members of a response and their attributes."""


def read_usage(value: Any) -> Usage:
    usage = mapping(value)
    input_details = mapping(
        usage.get("prompt_tokens_details")
        or usage.get("input_tokens_details")
        or usage.get("input_token_details")
    )
    output_details = mapping(usage.get("completion_tokens_details") or usage.get("output_tokens_details"))
    return Usage(
        input_tokens=count(usage.get("prompt_tokens", usage.get("input_tokens"))),
        output_tokens=count(usage.get("completion_tokens", usage.get("output_tokens"))),
        cache_read_tokens=count(input_details.get("cached_tokens", usage.get("prompt_cache_hit_tokens"))),
        cache_write_tokens=count(input_details.get("cache_write_tokens")),
        reasoning_tokens=count(output_details.get("reasoning_tokens")),
        input_audio_tokens=count(input_details.get("audio_tokens")),
        output_audio_tokens=count(output_details.get("audio_tokens")),
        input_image_tokens=count(input_details.get("image_tokens")),
        output_image_tokens=count(output_details.get("image_tokens")),
        input_text_tokens=count(input_details.get("text_tokens")),
        output_text_tokens=count(output_details.get("text_tokens")),
    )
