"""LangChain and LangGraph, with each of the instrumentations that can be installed."""

import pytest

from tests.sdk.frameworks import model
from tests.sdk.frameworks.conftest import Run, Told

AGENT = """
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent

llm = ChatOpenAI(
    model=model.NAME, api_key="sk-test", max_retries=0,
    http_client=model.plain_http(), http_async_client=model.async_http(),
)

@watchkeeper.trace
def measure(city):
    return model.RESULT

@tool
def get_weather(city: str) -> str:
    "The weather of a city."
    return measure(city)

agent = create_react_agent(llm, [get_weather])
asked = {"messages": [{"role": "user", "content": model.QUESTION}]}
"""
CONTENT = (model.QUESTION, model.RESULT, model.ANSWER, "No such key.")
EVERY_WAY = """
from langchain_core.callbacks.base import BaseCallbackManager
original = BaseCallbackManager.__init__
handle = instrument(service_name="private")
for _ in range(2):  # what the first leaves must not reach the second
    agent.invoke(asked)
    asyncio.run(agent.ainvoke(asked))
names = handle.instrumented
handle.shutdown(10)
agent.invoke(asked)
is_back = BaseCallbackManager.__init__ is original

handle = instrument(service_name="none", capture="none")
agent.invoke(asked)
try:
    llm.invoke("fail")
except Exception as error:
    assert "No such key." in str(error)
handle.shutdown(10)

handle = instrument(service_name="shared")
application()
agent.invoke(asked)
end(handle, names=names, is_back=is_back)
"""


@pytest.mark.parametrize(
    "installed", ["-genai-langchain", "opentelemetry-instrumentation-langchain", "openinference"]
)
def test_an_agent_is_recorded_by_each_instrumentation(run: Run, installed: str) -> None:
    told = run(f"only('{installed}')\n{AGENT}{EVERY_WAY}")
    assert told.facts["faults"] == {}
    assert told.facts["names"] == ["openai", "langchain"]
    assert told.facts["is_back"] is True
    check_story(told.of("private"))
    check_secrecy(told.of("none"))
    check_sharing(told, told.of("unknown_service"))


def check_story(told: Told) -> None:
    """Each run is one trace, each call one span in it, and the application's own step is in its tool."""
    assert len(told.roots) == len({span.trace_id for span in told.spans}) == 4
    assert [span.name for span in told.calls] == [f"chat {model.NAME}"] * 8
    assert all(span.content("gen_ai.output.messages") for span in told.calls)
    steps = [span for span in told.spans if span.name == "measure"]
    assert len(steps) == 4
    assert all(any("get_weather" in name for name in told.path(step)) for step in steps)
    tools = [span for span in told.spans if "get_weather" in span.name]
    assert all(model.RESULT in span.texts() for span in tools)


def check_secrecy(told: Told) -> None:
    """No content at all, of calls, tools and exceptions."""
    left = "".join(span.texts() for span in told.spans)
    assert [text for text in CONTENT if text in left] == []
    assert len(told.calls) == 3
    assert sum(span.is_error for span in told.calls) == 1


def check_sharing(told: Told, shared: Told) -> None:
    """The application's exporter has the same story, without content, and each call once."""
    assert told.facts["application_content"] == []
    assert told.facts["application"].count(f"chat {model.NAME}") == len(shared.calls) == 2
    assert len(shared.roots) == 1
    assert {span.name for span in shared.spans} <= set(told.facts["application"])
    assert model.RESULT in "".join(span.texts() for span in shared.spans)


def test_what_the_application_turned_on_stays_its_own(run: Run) -> None:
    told = run(
        f"""
application()
from openinference.instrumentation.langchain import LangChainInstrumentor
LangChainInstrumentor().instrument()
handle = instrument()
{AGENT}
agent.invoke(asked)
names = handle.instrumented
handle.uninstrument()
end(handle, names=names, is_on=LangChainInstrumentor().is_instrumented_by_opentelemetry)
"""
    )
    assert told.facts["is_on"] is True
    assert told.facts["names"] == ["openai"]
    assert [span.name for span in told.calls] == [f"chat {model.NAME}"] * 2
    assert len(told.roots) == 1


def test_a_framework_that_nothing_records_is_told_in_one_line_if_it_was_chosen(run: Run) -> None:
    told = run(
        f"""
only("nothing")
handle = instrument(providers=["openai"])
{AGENT}
agent.invoke(asked)
handle.shutdown(10)
handle = instrument()
agent.invoke(asked)
agent.invoke(asked)
end(handle)
"""
    )
    (line,) = told.log
    assert line.endswith("pip install --upgrade opentelemetry-instrumentation-genai-langchain")
    assert told.facts["instrumented"] == ["openai"]
    assert {span.name for span in told.spans} == {f"chat {model.NAME}", "measure"}
    assert len(told.calls) == 6
