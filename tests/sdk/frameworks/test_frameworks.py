"""OpenAI Agents, PydanticAI and LlamaIndex: their agents, with the application's provider and without."""

import pytest

from tests.sdk.frameworks import model
from tests.sdk.frameworks.conftest import ROOT, Run, Told

PREVIOUS = ROOT / ".venv" / "previous"
"""LlamaIndex's client for OpenAI is made for the previous major version of OpenAI's."""
AGENTS = """
import agents

@agents.function_tool
def get_weather(city: str) -> str:
    "The weather of a city."
    return model.RESULT

chat = agents.OpenAIChatCompletionsModel(model=model.NAME, openai_client=model.async_client())
agent = agents.Agent(name="Ada", instructions="Be kind.", tools=[get_weather], model=chat)

def ask():
    return asyncio.run(agents.Runner.run(agent, model.QUESTION)).final_output

def state():
    return len(agents.tracing.get_trace_provider()._multi_processor._processors)
"""
PYDANTIC_AI = """
import pydantic_ai
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

chat = OpenAIChatModel(model.NAME, provider=OpenAIProvider(openai_client=model.async_client()))
agent = pydantic_ai.Agent(chat, name="ada", instructions="Be kind.")

@agent.tool_plain
def get_weather(city: str) -> str:
    "The weather of a city."
    return model.RESULT

def ask():
    return agent.run_sync(model.QUESTION).output

def state():
    return repr(pydantic_ai.Agent._instrument_default)
"""
LLAMA_INDEX = """
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.instrumentation import get_dispatcher
from llama_index.llms.openai import OpenAI

def get_weather(city: str) -> str:
    "The weather of a city."
    return model.RESULT

chat = OpenAI(
    model=model.NAME, api_key="sk-test", http_client=model.plain_http(), async_http_client=model.async_http()
)

def ask():
    async def run():
        return await FunctionAgent(tools=[get_weather], llm=chat, streaming=False).run(model.QUESTION)
    return str(asyncio.run(run()))

def state():
    return len(get_dispatcher().span_handlers)
"""
EVERY_WAY = """
before = state()
handle = instrument(service_name="private")
assert ask() == ask() == model.ANSWER
names = handle.instrumented
handle.shutdown(10)
is_back = state() == before
ask()

handle = instrument(service_name="none", capture="none")
ask()
handle.shutdown(10)

handle = instrument(service_name="shared")
application()
ask()
end(handle, names=names, is_back=is_back)
"""


@pytest.mark.parametrize(
    ("name", "program", "paths"),
    [
        ("openai-agents", AGENTS, ()),
        ("pydantic-ai", PYDANTIC_AI, ()),
        ("llama-index", LLAMA_INDEX, (PREVIOUS,)),
    ],
)
def test_an_agent_is_one_trace_and_each_call_one_span(
    run: Run, name: str, program: str, paths: tuple[object, ...]
) -> None:
    told = run(program + EVERY_WAY, *paths, OPENAI_AGENTS_DISABLE_TRACING="0")  # type: ignore[arg-type]
    assert told.facts["faults"] == {}
    assert name in told.facts["names"]
    assert told.facts["is_back"] is True
    check_story(told.of("private"))
    left = "".join(span.texts() for span in told.of("none").spans)
    assert len(told.of("none").calls) == 2
    assert [text for text in (model.QUESTION, model.RESULT, model.ANSWER) if text in left] == []
    shared = told.of("unknown_service")
    assert told.facts["application_content"] == []
    assert told.facts["application"].count(f"chat {model.NAME}") == len(shared.calls) == 2
    assert {span.name for span in shared.spans} == set(told.facts["application"])


def check_story(told: Told) -> None:
    assert len(told.roots) == len({span.trace_id for span in told.spans}) == 2
    assert [span.name for span in told.calls] == [f"chat {model.NAME}"] * 4
    assert all(span.content("gen_ai.output.messages") for span in told.calls)
    tools = [span for span in told.spans if "get_weather" in span.name]
    assert [span.attributes["gen_ai.operation.name"] for span in tools] == ["execute_tool"] * 2
    assert all(model.RESULT in span.attributes["gen_ai.tool.call.result"] for span in tools)
