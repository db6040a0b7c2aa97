"""Google's usage, in which thoughts are counted apart from the answer and tools' results from the prompt."""

from typing import Any

from watchkeeper.reading import Usage, count, mapping, mappings


def read_usage(value: Any) -> Usage:
    usage = mapping(value)
    thoughts = count(usage.get("thoughtsTokenCount"))
    answer = count(usage.get("candidatesTokenCount", usage.get("responseTokenCount")))
    read = _by_modality(usage.get("promptTokensDetails"), usage.get("toolUsePromptTokensDetails"))
    written = _by_modality(usage.get("candidatesTokensDetails", usage.get("responseTokensDetails")))
    return Usage(
        input_tokens=_sum(count(usage.get("promptTokenCount")), count(usage.get("toolUsePromptTokenCount"))),
        output_tokens=_sum(answer, thoughts),
        cache_read_tokens=count(usage.get("cachedContentTokenCount")),
        reasoning_tokens=thoughts,
        input_audio_tokens=read.get("AUDIO"),
        output_audio_tokens=written.get("AUDIO"),
        cache_audio_read_tokens=_by_modality(usage.get("cacheTokensDetails")).get("AUDIO"),
        input_image_tokens=read.get("IMAGE"),
        output_image_tokens=written.get("IMAGE"),
        input_text_tokens=read.get("TEXT"),
        output_text_tokens=written.get("TEXT"),
    )


def _sum(*counts: int | None) -> int | None:
    """Of what is known; ``None`` where nothing is."""
    known = [number for number in counts if number is not None]
    return sum(known) if known else None


def _by_modality(*details: Any) -> dict[str, int]:
    tokens: dict[str, int] = {}
    for detail in (item for items in details for item in mappings(items)):
        if (number := count(detail.get("tokenCount"))) is not None:
            modality = str(detail.get("modality"))
            tokens[modality] = tokens.get(modality, 0) + number
    return tokens
