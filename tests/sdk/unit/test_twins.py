"""A call that another instrumentation sees too is recorded once, and is ours."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest
import watchkeeper
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import ProxyTracer, ProxyTracerProvider, StatusCode, Tracer, get_current_span
from watchkeeper import Handle, Reader, Request, Response, Usage, active, message, text_part
from watchkeeper.delegation import Aside, DelegateProvider
from watchkeeper.frameworks import google_adk, strands
from watchkeeper.frameworks.catalogue import FRAMEWORKS
from watchkeeper.frameworks.delegating import is_made_for_installed, turn_on
from watchkeeper.frameworks.proxies import redirect
from watchkeeper.twins import MAX_KEYS, Twins, innermost, note_begun

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch

OURS = "chat fjord-1"
LLM = {"openinference.span.kind": "LLM", "llm.token_count.prompt": 20, "input.value": "Where is Oslo?"}
READER = Reader(
    "chat",
    model=lambda body: "fjord-1",
    request=lambda body: Request("fjord-1", messages=[message("user", text_part(body["prompt"]))]),
    response=lambda body: Response("fjord-1", usage=Usage(input_tokens=body["tokens"])),
)
SeenBy = Callable[[Handle], list[Seen]]


class Client:
    def complete(self, prompt: str) -> dict[str, Any]:
        get_current_span().add_event("sent", {"prompt": len(prompt)})
        return {"tokens": 20}

    async def complete_later(self, prompt: str) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"tokens": len(prompt)}


@pytest.fixture
def handle(watch: Watch) -> Iterator[Handle]:
    watchkeeper.register(Client, "complete", READER, provider="acme")
    watchkeeper.register(Client, "complete_later", READER, provider="acme")
    yield watch()
    active.registrations.clear()


def tracer(handle: Handle, scope: str = "openinference.instrumentation.acme") -> Tracer:
    return handle.tracer_provider.get_tracer(scope)


def tree(spans: list[Seen]) -> dict[str, str]:
    """Names of parents by names."""
    names = {span.span_id: span.name for span in spans}
    return {span.name: names.get(span.parent_id, "") for span in spans}


def test_ours_takes_the_place_of_a_call_around_it(handle: Handle, seen: SeenBy) -> None:
    other = tracer(handle)
    with (
        other.start_as_current_span("agent", attributes={"openinference.span.kind": "AGENT"}),
        other.start_as_current_span("LLM", attributes=LLM),
    ):
        Client().complete("Where is Oslo?")
    with other.start_as_current_span("LLM", attributes=LLM):
        asyncio.run(Client().complete_later("Where is Oslo?"))
    spans = seen(handle)
    assert sorted(span.name for span in spans) == ["agent", OURS, OURS]
    assert {span.name for span in spans if not span.parent_id} == {"agent", OURS}
    assert len({span.trace_id for span in spans}) == 2


def test_what_else_is_beneath_a_call_that_is_left_out_moves_up(handle: Handle, seen: SeenBy) -> None:
    other = tracer(handle)
    with (
        other.start_as_current_span("agent", attributes={"openinference.span.kind": "AGENT"}),
        other.start_as_current_span("LLM", attributes=LLM),
    ):
        Client().complete("Where is Oslo?")
        with other.start_as_current_span("guard", attributes={"openinference.span.kind": "GUARDRAIL"}):
            pass
        watchkeeper.trace(name="step")(len)("abc")
    assert tree(seen(handle)) == {"agent": "", OURS: "agent", "guard": "agent", "step": "agent"}


def test_another_operation_inside_a_call_takes_nobodys_place(handle: Handle, seen: SeenBy) -> None:
    """As a question that is embedded while a framework's model call is under way."""
    with tracer(handle).start_as_current_span("embed", attributes={"openinference.span.kind": "EMBEDDING"}):
        Client().complete("Where is Oslo?")
    assert tree(seen(handle))[OURS] == "embed"


def test_a_call_beneath_ours_is_left_out(handle: Handle, seen: SeenBy) -> None:
    """As of a client that makes a span by itself."""
    other, complete = tracer(handle), Client.complete

    class Traced(Client):
        def complete(self, prompt: str) -> dict[str, Any]:
            with other.start_as_current_span("LLM", attributes=LLM):
                return {"tokens": len(prompt)}

    watchkeeper.register(Traced, "complete", READER, provider="acme")
    assert complete is Client.complete
    Traced().complete("Where is Oslo?")
    (span,) = seen(handle)
    assert span.name == OURS


def test_one_that_says_late_what_it_is_stays_as_a_step(handle: Handle, seen: SeenBy) -> None:
    with tracer(handle).start_as_current_span("ChatModel") as span:
        Client().complete("Where is Oslo?")
        span.add_event("gen_ai.choice", {"message": "In Norway."})
        span.set_attributes({**LLM, "llm.model_name": "fjord-1", "tenant": "acme"})
    spans = seen(handle)
    assert tree(spans) == {OURS: "ChatModel", "ChatModel": ""}
    step = next(span for span in spans if span.name == "ChatModel")
    left = {name for name in step.attributes if not name.startswith("watchkeeper.")}
    assert left == {"openinference.span.kind", "tenant"}
    assert step.attributes["openinference.span.kind"] == "CHAIN"
    assert step.events == ()


def test_a_span_that_is_never_current_is_a_parent_all_the_same(handle: Handle, seen: SeenBy) -> None:
    """LangChain's callbacks start spans and end them, and make none the current one."""
    callbacks = tracer(handle, "openinference.instrumentation.langchain")
    chain = callbacks.start_span("chain", attributes={"openinference.span.kind": "CHAIN"})
    Client().complete("first")
    chain.end()
    Client().complete("second")
    spans = seen(handle)
    (above,) = [span for span in spans if span.name == "chain"]
    assert sorted(span.parent_id for span in spans if span.name == OURS) == ["", above.span_id]


def test_what_is_current_comes_before_what_only_began(
    handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = tracer(handle).start_span("begun")
    with tracer(handle).start_as_current_span("outer") as outer:
        note_begun(begun)
        assert innermost() is begun
        with tracer(handle).start_as_current_span("inner") as inner:
            assert innermost() is inner
        monkeypatch.setattr("watchkeeper.twins.LONGEST_NS", 0)
        assert innermost() is outer  # it may never end
        monkeypatch.undo()
        assert innermost() is begun
        begun.end()
        assert innermost() is outer


def test_twins_forget_what_never_ends() -> None:
    twins, maker = Twins(), TracerProvider().get_tracer("app")
    for _ in range(MAX_KEYS + 10):
        twins.note_call(cast("ReadableSpan", maker.start_span("call")))
    assert len(twins._own) == MAX_KEYS


# The provider that instrumentations are handed.


class Shared:
    """An application's provider in force."""

    def __init__(self) -> None:
        self.memory = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.memory))
        self.is_shared = True
        self.aside = Aside()
        self.delegates = DelegateProvider(self, Twins(), self.aside)  # type: ignore[arg-type]


def test_content_of_a_delegated_span_is_kept_from_the_application() -> None:
    shared = Shared()
    made = shared.delegates.get_tracer("framework").start_span(
        "tool", attributes={"gen_ai.tool.name": "weather", "gen_ai.tool.call.arguments": '{"city":"Oslo"}'}
    )
    made.set_attribute("gen_ai.tool.call.result", "rain")
    made.add_event("gen_ai.tool.message", {"content": "rain"}, 7)
    made.add_event("retry", {"attempt": 2}, 8)
    made.update_name("tool weather")
    made.set_status(StatusCode.OK)
    made.end()
    (span,) = shared.memory.get_finished_spans()
    assert (span.name, dict(span.attributes or {})) == ("tool weather", {"gen_ai.tool.name": "weather"})
    assert [event.name for event in span.events] == ["retry"]
    whole = shared.aside.restored(span)
    assert set(whole.attributes or {}) == {
        "gen_ai.tool.name", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result",
    }  # fmt: skip
    assert [event.name for event in whole.events] == ["gen_ai.tool.message", "retry"]
    assert shared.aside.restored(span) is span


def test_a_delegated_span_is_like_any_other() -> None:
    shared = Shared()

    def run() -> None:
        with shared.delegates.get_tracer("framework").start_as_current_span("run") as made:
            assert get_current_span() is made
            assert isinstance(made, type(shared.provider.get_tracer("x").start_span("x")))
            assert made.name == "run"
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run()
    (span,) = shared.memory.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.events[0].name == "exception"


def test_what_is_left_of_an_instrumentation_makes_no_spans_after_uninstrument() -> None:
    shared = Shared()
    shared.delegates.is_active = False
    shared.delegates.get_tracer("framework").start_span("run").end()
    assert shared.memory.get_finished_spans() == ()


# Frameworks that trace by themselves.


def test_a_tracer_that_waits_for_a_provider_leads_to_ours_until_uninstrument() -> None:
    shared = Shared()
    proxy: Any = ProxyTracerProvider().get_tracer("framework")
    if not isinstance(proxy, ProxyTracer):
        pytest.fail("A global provider is set in this process.")
    redirection = redirect(proxy, shared.delegates, "framework", "1")
    assert redirection is not None
    proxy.start_span("run").end()
    redirection.remove()
    proxy.start_span("lost").end()
    assert [span.name for span in shared.memory.get_finished_spans()] == ["run"]


def test_a_tracer_of_the_applications_provider_stays() -> None:
    assert redirect(TracerProvider().get_tracer("x"), Shared().delegates, "x", None) is None


def test_google_adks_one_tracer_leads_to_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Shared()
    module: Any = ModuleType("google.adk.telemetry.tracing")
    module.tracer = ProxyTracerProvider().get_tracer("gcp.vertex.agent")
    version: Any = ModuleType("google.adk.version")
    version.__version__ = "2.13.0"
    monkeypatch.setitem(sys.modules, "google.adk.telemetry.tracing", module)
    monkeypatch.setitem(sys.modules, "google.adk.version", version)
    assert google_adk.turn_on(shared.delegates, captures_content=True) is not None
    module.tracer.start_span("invocation").end()
    (span,) = shared.memory.get_finished_spans()
    assert span.instrumentation_scope.name == "gcp.vertex.agent"  # type: ignore[union-attr]


def test_tracers_of_strands_lead_to_ours_made_before_or_after(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Shared()

    class StrandsTracer:
        def __init__(self) -> None:
            self.tracer = ProxyTracerProvider().get_tracer("strands")

    initialize, module = StrandsTracer.__init__, ModuleType(strands.SCOPE)
    vars(module).update(Tracer=StrandsTracer, _tracer_instance=StrandsTracer())
    monkeypatch.setitem(sys.modules, strands.SCOPE, module)
    switch = strands.turn_on(shared.delegates, captures_content=True)
    before: Any = vars(module)["_tracer_instance"]
    before.tracer.start_span("before").end()
    after = StrandsTracer()
    after.tracer.start_span("after").end()
    switch.remove()
    before.tracer.start_span("lost").end()
    after.tracer.start_span("lost").end()
    assert [span.name for span in shared.memory.get_finished_spans()] == ["before", "after"]
    assert StrandsTracer.__init__ is initialize


def test_an_instrumentation_for_other_versions_is_left_off() -> None:
    def made_for(*packages: str) -> Any:
        return SimpleNamespace(instrumentation_dependencies=lambda: packages)

    assert is_made_for_installed(made_for("pytest >= 8"))
    assert is_made_for_installed(made_for("a-package-that-is-not-there >= 1"))
    assert not is_made_for_installed(made_for("pytest < 1"))


def test_a_framework_that_nothing_records_names_what_to_install(caplog: pytest.LogCaptureFixture) -> None:
    """Neither of the two that record CrewAI is installed here."""
    assert turn_on(FRAMEWORKS["crewai"], Shared().delegates, captures_content=True) is None
    (line,) = [record.getMessage() for record in caplog.records]
    assert "CrewAI" in line
    assert "pip install --upgrade openinference-instrumentation-crewai" in line
