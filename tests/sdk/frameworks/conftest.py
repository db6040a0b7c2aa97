"""Programs with a framework in them, and what became of their spans."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.collector import Collector, Seen

ROOT = Path(__file__).parents[3]
START = """
import asyncio, json, logging, sys, warnings
warnings.simplefilter("ignore")  # of the frameworks
logging.basicConfig(format="%(name)s: %(message)s", stream=sys.stdout)
import watchkeeper
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.sdk.frameworks import model
from watchkeeper.dialects import CONTENT_EVENTS, is_content
from watchkeeper.frameworks import delegating

memory = InMemorySpanExporter()

def application():
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    trace.set_tracer_provider(provider)

def instrument(**settings):
    return watchkeeper.instrument(**{"endpoint": sys.argv[1], "capture": "all", "strict": True, **settings})

def only(part):
    is_installed = delegating.is_installed
    delegating.is_installed = lambda found: part in found.package and is_installed(found)

def end(handle, **told):
    told["instrumented"] = handle.instrumented
    told["faults"] = handle.stats()["faults"]
    assert handle.flush(10)
    spans = memory.get_finished_spans()
    told["application"] = [span.name for span in spans]
    told["application_content"] = [key for span in spans for key in span.attributes if is_content(key)] + [
        event.name for span in spans for event in span.events if event.name.startswith(CONTENT_EVENTS)
    ]
    print(json.dumps(told))
"""


@dataclass(frozen=True)
class Told:
    """What a program printed last, what it logged, and its spans at the collector."""

    facts: dict[str, Any]
    log: list[str]
    spans: list[Seen]

    def of(self, service: str) -> "Told":
        """The part of it that one service told."""
        return Told(
            self.facts,
            self.log,
            [span for span in self.spans if span.resource["service.name"].startswith(service)],
        )

    @property
    def calls(self) -> list[Seen]:
        """Spans that say that they are requests to a model, in any dialect."""
        return [span for span in self.spans if _is_call(span)]

    @property
    def roots(self) -> list[str]:
        ids = {span.span_id for span in self.spans}
        return [span.name for span in self.spans if span.parent_id not in ids]

    def path(self, span: Seen) -> list[str]:
        """Names from the root to a span."""
        parent = next((other for other in self.spans if other.span_id == span.parent_id), None)
        return [*(self.path(parent) if parent else []), span.name]


def _is_call(span: Seen) -> bool:
    kinds = (span.attributes.get(name) for name in ("gen_ai.operation.name", "openinference.span.kind"))
    has_tokens = any("token" in name for name in span.attributes) and "agent" not in span.name
    return has_tokens or any(kind in ("chat", "LLM") for kind in kinds)


Run = Callable[..., Told]


@pytest.fixture
def run(collector: Collector) -> Run:
    def run_program(program: str, *paths: Path, **environ: str) -> Told:
        path = os.pathsep.join(map(str, (*paths, ROOT)))
        done = subprocess.run(
            [sys.executable, "-c", START + program, collector.endpoint],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path, **environ},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        (facts,) = [line for line in lines if line.startswith("{")]
        return Told(json.loads(facts), [line for line in lines if line != facts], collector.spans())

    return run_program
