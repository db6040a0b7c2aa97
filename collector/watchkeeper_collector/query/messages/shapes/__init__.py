"""How providers and frameworks write requests, responses, messages and blocks: one module for each.

Another provider is a module with a ``SHAPE`` and a word in this list. Where two shapes know the same type or
key, the first that recognises the block as its own reads it.
"""

from watchkeeper_collector.query.messages.shapes import (
    anthropic,
    bedrock,
    completion,
    gemini,
    haystack,
    langchain,
    llamaindex,
    openai,
    openai_responses,
    otel,
    vercel,
)

SHAPES = tuple(
    module.SHAPE
    for module in (
        otel,
        openai,
        gemini,
        bedrock,
        langchain,
        llamaindex,
        openai_responses,
        anthropic,
        vercel,
        haystack,
        completion,
    )
)
