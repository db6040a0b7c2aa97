"""Whose tracer provider is used, in every order of set-up. Each in a process of its own: the provider is
global.
"""

import json
import subprocess
import sys

import pytest

from tests.sdk.collector import Collector, Seen

START = """
import sys
import watchkeeper
from opentelemetry import trace
from opentelemetry.context import attach, set_value
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from watchkeeper import Reader, Request, Response, Usage, message, text_part

memory = InMemorySpanExporter()

def application(**settings):
    provider = TracerProvider(**settings)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    trace.set_tracer_provider(provider)

def instrument(**settings):
    return watchkeeper.instrument(endpoint=sys.argv[1], capture="all", strict=True, **settings)

class Client:
    def complete(self, prompt):
        return {"text": "In Norway.", "tokens": 20}

original = Client.complete
watchkeeper.register(
    Client,
    "complete",
    Reader(
        "chat",
        model=lambda body: "fjord-1",
        request=lambda body: Request("fjord-1", messages=[message("user", text_part(body["prompt"]))]),
        response=lambda body: Response("fjord-1", usage=Usage(input_tokens=body["tokens"])),
    ),
    provider="acme",
)

def call():
    assert Client().complete("Where is Oslo?") == {"text": "In Norway.", "tokens": 20}

def names():
    return [span.name for span in memory.get_finished_spans()]
"""


@pytest.fixture
def run(collector: Collector) -> object:
    """Runs a program; what it prints last is JSON."""

    def run_program(program: str) -> object:
        done = subprocess.run(
            [sys.executable, "-c", START + program, collector.endpoint],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout.splitlines()[-1])

    return run_program


PRINT = "\nimport json; handle.flush(5); print(json.dumps(names()))"


def only(collector: Collector) -> Seen:
    (span,) = collector.spans()
    return span


def test_without_an_application_provider_ours_stays_private(run, collector: Collector) -> None:  # type: ignore[no-untyped-def]
    assert run("handle = instrument(service_name='mine'); call()" + PRINT) == []
    assert only(collector).resource["service.name"] == "mine"


def test_the_applications_provider_is_used_when_it_came_before(run, collector: Collector) -> None:  # type: ignore[no-untyped-def]
    assert run("application(); handle = instrument(); call()" + PRINT) == ["chat fjord-1"]
    assert "gen_ai.input.messages" in only(collector).attributes


def test_the_applications_provider_is_used_when_it_comes_after(run, collector: Collector) -> None:  # type: ignore[no-untyped-def]
    program = "handle = instrument(); call(); application(); call()"
    assert run(program + PRINT) == ["chat fjord-1"]
    assert len(collector.spans()) == 2


def test_content_goes_to_our_exporter_alone(run, collector: Collector) -> None:  # type: ignore[no-untyped-def]
    program = """
application()
handle = instrument()
with watchkeeper.context(user="u1", variables={"city": "Oslo"}):
    call()
import json; handle.flush(5)
print(json.dumps([dict(span.attributes) for span in memory.get_finished_spans()]))
"""
    (attributes,) = run(program)
    assert attributes["gen_ai.usage.input_tokens"] == 20
    assert attributes["user.id"] == "u1"
    assert "Oslo" not in json.dumps(attributes)
    assert only(collector).attributes["gen_ai.prompt.variable.city"] == "Oslo"


def test_only_genai_spans_and_their_ancestors_are_exported(run, collector: Collector) -> None:  # type: ignore[no-untyped-def]
    program = """
application()
handle = instrument()
tracer = trace.get_tracer("app")
with tracer.start_as_current_span("request"):
    with tracer.start_as_current_span("database"):
        pass
    with tracer.start_as_current_span("answer"):
        call()
with tracer.start_as_current_span("unrelated"):
    pass
"""
    assert len(run(program + PRINT)) == 5  # type: ignore[arg-type]
    spans = {span.name: span for span in collector.spans()}
    assert set(spans) == {"request", "answer", "chat fjord-1"}
    assert spans["chat fjord-1"].parent_id == spans["answer"].span_id
    assert spans["answer"].parent_id == spans["request"].span_id


def test_labels_make_no_span_one_of_a_models_story(run, collector: Collector) -> None:  # type: ignore[no-untyped-def]
    program = """
application()
handle = instrument()
with watchkeeper.context(session="s-1", user="u1", prompt=("ask", "v3")):
    with trace.get_tracer("app").start_as_current_span("database"):
        pass
    call()
"""
    assert run(program + PRINT) == ["database", "chat fjord-1"]
    assert only(collector).name == "chat fjord-1"


def test_calls_that_the_sampler_drops_still_count(run, collector: Collector) -> None:  # type: ignore[no-untyped-def]
    program = "application(sampler=ALWAYS_OFF); handle = instrument(); call(); handle.shutdown(5)"
    assert run(program + "\nprint('[]')") == []
    assert collector.spans() == []
    assert [point.count for point in collector.metrics()["gen_ai.client.operation.duration"]] == [1]


def test_what_counted_before_the_application_has_a_meter_provider_is_sent(run, collector: Collector) -> None:  # type: ignore[no-untyped-def]
    program = """
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
handle = instrument(); call(); handle.flush(5)
reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader], shutdown_on_exit=False))
call(); handle.flush(5)
(point,) = [
    point
    for resource in reader.get_metrics_data().resource_metrics
    for scope in resource.scope_metrics
    for metric in scope.metrics if metric.name == "gen_ai.client.operation.duration"
    for point in metric.data.data_points
]
handle.shutdown(5)
import json; print(json.dumps([point.count]))
"""
    assert run(program) == [1]
    assert [point.count for point in collector.metrics()["gen_ai.client.operation.duration"]] == [1]


@pytest.mark.parametrize("order", ["before", "after", "never"])
def test_frameworks_are_handed_the_provider_in_force(run, collector: Collector, order: str) -> None:  # type: ignore[no-untyped-def]
    """Also those that were handed it when there was none of the application's."""
    program = f"""
if {order!r} == "before": application()
handle = instrument()
framework = handle._delegates.get_tracer("framework")
if {order!r} == "after": application()
with framework.start_as_current_span("agent", attributes={{"gen_ai.operation.name": "invoke_agent"}}) as span:
    span.set_attribute("input.value", "Where is Oslo?")
    call()
import json; handle.flush(5)
print(json.dumps([[span.name, "input.value" in span.attributes] for span in memory.get_finished_spans()]))
"""
    expected = [] if order == "never" else [["chat fjord-1", False], ["agent", False]]
    assert run(program) == expected
    spans = {span.name: span for span in collector.spans()}
    assert set(spans) == {"agent", "chat fjord-1"}
    assert spans["chat fjord-1"].parent_id == spans["agent"].span_id
    assert spans["agent"].attributes["input.value"] == "Where is Oslo?"


def test_set_global_gives_the_application_our_provider(run, collector: Collector) -> None:  # type: ignore[no-untyped-def]
    program = """
handle = instrument(set_global=True)
with trace.get_tracer("app").start_as_current_span("request"):
    call()
"""
    assert run(program + PRINT) == []
    assert {span.name for span in collector.spans()} == {"request", "chat fjord-1"}


def test_exporters_that_are_added_to_our_global_provider_get_no_content(run, collector: Collector) -> None:  # type: ignore[no-untyped-def]
    program = """
handle = instrument(set_global=True)
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(memory))
call()
with handle._delegates.get_tracer("framework").start_as_current_span("tool") as span:
    span.set_attribute("input.value", "Where is Oslo?")
    span.set_attribute("gen_ai.operation.name", "execute_tool")
import json; handle.flush(5)
print(json.dumps([sorted(span.attributes) for span in memory.get_finished_spans()]))
"""
    ours, theirs = run(program)
    assert "gen_ai.usage.input_tokens" in ours
    assert theirs == ["gen_ai.operation.name"]
    assert "Where is Oslo?" in "".join(span.texts() for span in collector.spans())


@pytest.mark.parametrize("key", ["suppress_instrumentation", "_SUPPRESS_INSTRUMENTATION_KEY"])
def test_suppressed_calls_are_not_recorded(run, collector: Collector, key: str) -> None:  # type: ignore[no-untyped-def]
    program = f"""
import opentelemetry.context
handle = instrument()
attach(set_value(getattr(opentelemetry.context, {key!r}, {key!r}), True))
call()
"""
    assert run(program + PRINT) == []
    assert collector.spans() == []


def test_a_disabled_sdk_patches_nothing(run, collector: Collector) -> None:  # type: ignore[no-untyped-def]
    program = """
import os, json
os.environ["OTEL_SDK_DISABLED"] = "true"
handle = instrument()
call()
handle.flush(5)
print(json.dumps(Client.complete is original))
"""
    assert run(program) is True
    assert collector.spans() == []


def test_a_client_that_is_imported_later_is_instrumented_then(run, collector: Collector) -> None:  # type: ignore[no-untyped-def]
    program = """
import json
handle = instrument()
before = handle.instrumented
from tests.sdk.contract.openai_subjects import CHAT_SUBJECT as chat
chat.call(chat.build(chat.wire()))
handle.flush(5)
print(json.dumps([before, handle.instrumented]))
"""
    assert run(program) == [[], ["openai"]]
    assert len(collector.spans()) == 1
