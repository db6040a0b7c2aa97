"""The programs of the quickstart, as they stand there: against servers that answer as the providers do."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cohere
import pytest
import watchkeeper
from huggingface_hub import set_client_factory
from huggingface_hub.inference._providers import CONVERSATIONAL_AUTO_ROUTER
from huggingface_hub.utils._http import default_client_factory
from mistralai.client import sdkconfiguration
from watchkeeper.providers.catalogue import PROVIDERS

from tests.sdk.collector import Collector, Seen
from tests.sdk.contract.litellm_subjects import WARNINGS
from tests.sdk.provider_server import serving
from tests.sdk.unit import mcp_server

PAGE = (Path(__file__).parents[2] / "docs" / "quickstart.md").read_text("utf-8")
PROGRAMS: Mapping[str, str] = dict(
    re.findall(r"(?ms)^## ([^\n]+)\n(?:(?!^## ).)*?^```python\n(.*?)^```", PAGE)
)
ADDRESSES = {
    "OPENAI_BASE_URL": "/openai/v1",
    "AZURE_OPENAI_ENDPOINT": "/openai",
    "ANTHROPIC_BASE_URL": "/anthropic",
    "GOOGLE_GEMINI_BASE_URL": "/gemini",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "/bedrock",
    "AZURE_INFERENCE_ENDPOINT": "/azure",
    "GROQ_BASE_URL": "/groq",
    "TOGETHER_BASE_URL": "/together/v1",
    "OLLAMA_HOST": "/ollama",
}
"""What each client reads of its environment, and where on the server it is led."""
KEYS = (
    "OPENROUTER_API_KEY", "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AZURE_INFERENCE_KEY", "GROQ_API_KEY", "TOGETHER_API_KEY",
    "MISTRAL_API_KEY", "CO_API_KEY", "HF_TOKEN",
)  # fmt: skip
SECRET = "hf_quickstart-secret"
"""Hugging Face's client tells its own tokens by how they begin."""


@dataclass(frozen=True)
class Expected:
    """What is recorded of a program. ``client`` is its name in the catalogue.

    OpenAI's client names a server that it doesn't know by its host.
    """

    client: str
    provider: str
    tokens: tuple[int, int] = (20, 9)


CALLS = {
    "OpenAI": Expected("openai", "127.0.0.1"),
    "Azure OpenAI": Expected("openai", "azure.ai.openai"),
    "Servers that speak OpenAI's language": Expected("openai", "127.0.0.1"),
    "Anthropic": Expected("anthropic", "anthropic", (22, 9)),
    "Google Gemini": Expected("google-genai", "gcp.gemini", (20, 46)),
    "Amazon Bedrock": Expected("bedrock", "aws.bedrock"),
    "Azure AI Inference": Expected("azure-ai-inference", "azure.ai.inference"),
    "Groq": Expected("groq", "groq"),
    "Together": Expected("together", "together"),
    "Mistral": Expected("mistral", "mistral_ai"),
    "Cohere": Expected("cohere", "cohere"),
    "Hugging Face": Expected("huggingface", "huggingface"),
    "Ollama": Expected("ollama", "ollama"),
    "LiteLLM": Expected("litellm", "openai"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture
def _clients_of_a_user(server: str, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, path in ADDRESSES.items():
        monkeypatch.setenv(name, server + path)
    for name in KEYS:
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
    monkeypatch.setenv("WATCHKEEPER_CAPTURE", "all")
    monkeypatch.setenv("WATCHKEEPER_STRICT", "true")
    monkeypatch.setitem(sdkconfiguration.SERVERS, sdkconfiguration.SERVER_GLOBAL, f"{server}/mistral")
    monkeypatch.setitem(cohere.ClientV2.__init__.__kwdefaults__, "base_url", f"{server}/cohere")
    monkeypatch.setattr(CONVERSATIONAL_AUTO_ROUTER, "base_url", f"{server}/huggingface")
    set_client_factory(default_client_factory)
    monkeypatch.delitem(sys.modules, "ollama", raising=False)  # it makes its client when it is imported
    yield
    watchkeeper.instrument().shutdown()


def run(program: str, collector: Collector) -> list[Seen]:
    """The spans that a program leaves."""
    exec(compile(program, "quickstart", "exec"), {"__name__": "__main__"})
    assert watchkeeper.instrument().flush(10)
    return collector.spans()


def led_to(server: str, program: str) -> str:
    """Addresses that are written into a program lead to the server."""
    return program.replace("https://openrouter.ai/api", f"{server}/openai")


@pytest.mark.usefixtures("_clients_of_a_user")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[*map(pytest.mark.filterwarnings, WARNINGS)]) for name in CALLS]
)
def test_a_program_of_the_quickstart_is_recorded(
    name: str, server: str, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    program, expected = PROGRAMS[name], CALLS[name]
    (span,) = run(led_to(server, program), collector)
    (model,) = re.findall(r'(?:model|modelId)="(?:openai/(?=gpt-4o))?([^"]+)"', program)
    assert capsys.readouterr().out == "In Norway, of course.\n"
    assert span.resource["service.name"] == "shop"
    assert span.attributes["gen_ai.request.model"] == model
    assert span.attributes["gen_ai.provider.name"] == expected.provider
    usage = [span.attributes[f"gen_ai.usage.{kind}_tokens"] for kind in ("input", "output")]
    assert tuple(usage) == expected.tokens
    assert "Where is Oslo?" in span.attributes["gen_ai.input.messages"]
    assert "In Norway, of course." in span.attributes["gen_ai.output.messages"]
    assert SECRET not in span.texts()


@pytest.mark.usefixtures("_clients_of_a_user")
def test_the_program_with_a_tools_server_is_recorded(
    collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    program = (
        PROGRAMS["MCP"]
        .replace('"python"', repr(sys.executable))
        .replace('"atlas.py"', repr(mcp_server.__file__))
    )
    spans = run(program, collector)
    assert capsys.readouterr().out == "Oslo is in Norway.\n"
    assert [span.name for span in spans] == ["initialize", "tools/list", "tools/call find"]


def test_each_client_has_its_program() -> None:
    described = {*(expected.client for expected in CALLS.values()), "mcp"}
    packages = {provider.package for provider in PROVIDERS.values()}
    assert {PROVIDERS[client].package for client in described} == packages
    assert {*CALLS, "MCP"} == set(PROGRAMS)
