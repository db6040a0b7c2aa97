"""What the documents say is so."""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from watchkeeper import Handle, Settings, active
from watchkeeper.frameworks.catalogue import FRAMEWORKS
from watchkeeper.providers.catalogue import PROVIDERS
from watchkeeper.settings import VARIABLES

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch

DOCS = Path(__file__).parents[3] / "docs"
SDK = (DOCS / "sdk.md").read_text("utf-8")
PROVIDERS_PAGE = (DOCS / "providers.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def _no_registrations() -> Iterator[None]:
    yield
    active.registrations.clear()


def test_every_setting_has_its_row() -> None:
    rows = re.findall(r"(?m)^\| (`.*?) \|", SDK)
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == {setting.name for setting in fields(Settings)}


def test_every_variable_of_opentelemetry_that_is_documented_is_read() -> None:
    documented = set(re.findall(r"`(OTEL_\w+)`", SDK))
    assert documented <= {name for names in VARIABLES.values() for name in names}


def test_every_provider_has_its_row_with_its_versions() -> None:
    for provider in PROVIDERS.values():
        row, *_ = re.findall(rf"(?m)^\| `{provider.package}`.*$", PROVIDERS_PAGE)
        assert ", ".join(f"{major}.x" for major in provider.majors) in row


def test_every_framework_has_its_row_with_what_records_it_in_order() -> None:
    page = (DOCS / "frameworks.md").read_text("utf-8")
    for framework in FRAMEWORKS.values():
        (row,) = re.findall(rf"(?m)^\| {framework.title}\b.*$", page)
        packages = [instrumentor.package for instrumentor in framework.instrumentors]
        assert [name for name in re.findall(r"`([\w-]+)`", row) if "instrumentation-" in name] == packages
        assert f"`{framework.name}`" in page


def test_the_example_of_a_client_of_ones_own_works(
    watch: Watch, seen: Callable[[Handle], list[Seen]]
) -> None:
    class AcmeClient:
        def complete(self, prompt: str, model: str = "acme-1") -> dict[str, Any]:
            return {"id": "a1", "text": "In Norway.", "tokens_in": 4, "tokens_out": 3}

    (example,) = re.findall(r"```python\n(.*?)```", PROVIDERS_PAGE, re.DOTALL)
    exec(example, {"AcmeClient": AcmeClient})
    handle = watch()
    AcmeClient().complete("Where is Oslo?")
    (span,) = seen(handle)
    assert span.attributes["gen_ai.request.model"] == "acme-1"
    assert span.attributes["gen_ai.usage.output_tokens"] == 3
    assert span.content("gen_ai.output.messages")[0]["parts"][0]["content"] == "In Norway."
