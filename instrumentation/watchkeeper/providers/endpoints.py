"""Whose API a base URL belongs to, in OpenTelemetry's spelling of providers."""

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from watchkeeper.call import Endpoint

HOSTS = {
    "api.openai.com": "openai",
    "openai.azure.com": "azure.ai.openai",
    "cognitiveservices.azure.com": "azure.ai.openai",
    "services.ai.azure.com": "azure.ai.inference",
    "inference.ai.azure.com": "azure.ai.inference",
    "models.github.ai": "azure.ai.inference",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
    "amazonaws.com": "aws.bedrock",
    "openrouter.ai": "openrouter",
    "api.groq.com": "groq",
    "together.xyz": "together",
    "together.ai": "together",
    "api.deepseek.com": "deepseek",
    "api.mistral.ai": "mistral_ai",
    "api.x.ai": "x_ai",
    "api.fireworks.ai": "fireworks",
    "api.perplexity.ai": "perplexity",
    "api.moonshot.ai": "moonshot_ai",
    "api.moonshot.cn": "moonshot_ai",
    "api.cohere.ai": "cohere",
    "api.cohere.com": "cohere",
    "api.cerebras.ai": "cerebras",
    "api.sambanova.ai": "sambanova",
    "api.novita.ai": "novita",
    "api.deepinfra.com": "deepinfra",
    "integrate.api.nvidia.com": "nvidia",
    "router.huggingface.co": "huggingface",
    "api-inference.huggingface.co": "huggingface",
    "endpoints.huggingface.cloud": "huggingface",
    "dashscope.aliyuncs.com": "alibaba_cloud",
    "api.minimax.chat": "minimax",
    "ml.cloud.ibm.com": "ibm.watsonx.ai",
    "ollama.com": "ollama",
}
LOCAL_PORTS = {11434: "ollama", 1234: "lm_studio"}
"""Ports that a server of one's own listens on by default, where no other server does."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", "host.docker.internal"})  # noqa: S104 - as written by users


def endpoint_of(client: Any, address: str, *, default: str) -> Endpoint:  # noqa: ARG001 - as all endpoints are asked for
    """For clients of one provider: theirs, where the address tells no other."""
    return find_endpoint(address, default=default)


@lru_cache(maxsize=256)
def find_endpoint(base_url: str, *, default: str | None = None) -> Endpoint:
    """The provider behind a base URL: by its host, by a well-known local port, else ``default``, else the
    host.
    """
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    provider = _by_host(host) or (LOCAL_PORTS.get(port or 0) if host in LOOPBACK else None)
    return Endpoint(provider or default or host or "_OTHER", host or None, port)


def _by_host(host: str) -> str | None:
    """By the known host that this one is, is a sub-domain of, or a region of (``us-east5-aiplatform…``)."""
    return next(
        (name for known, name in HOSTS.items() if f".{host}".endswith((f".{known}", f"-{known}"))), None
    )
