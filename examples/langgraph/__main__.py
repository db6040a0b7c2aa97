"""The same customers' agent as a LangGraph graph: the model decides, the tools run, until there is an answer.

python -m examples.langgraph "Where is order 1042?"
"""

import sys
from typing import Any

import watchkeeper
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from examples.model_server import MODEL, connect

ORDERS = {1042: "shipped on Monday, arrives on Thursday", 1043: "waiting for a payment"}
SYSTEM = SystemMessage("You answer customers of a shop. Look orders up before you answer.")


@tool
@watchkeeper.tool
def find_order(number: int) -> str:
    """The state of an order."""
    return f"Order {number} is {ORDERS.get(number, 'unknown to us')}."


def build_graph() -> Any:
    model = ChatOpenAI(model=MODEL, **connect()).bind_tools([find_order])

    def decide(state: MessagesState) -> dict[str, Any]:
        return {"messages": [model.invoke([SYSTEM, *state["messages"]])]}

    graph = StateGraph(MessagesState)
    graph.add_node("decide", decide)
    graph.add_node("tools", ToolNode([find_order]))
    graph.add_edge(START, "decide")
    graph.add_conditional_edges("decide", tools_condition)
    graph.add_edge("tools", "decide")
    return graph.compile()


@watchkeeper.agent(name="support")
def answer(graph: Any, question: str) -> tuple[str, str | None]:
    """The answer, and the id of its trace."""
    state = graph.invoke({"messages": [HumanMessage(question)]})
    return state["messages"][-1].content, watchkeeper.current_trace_id()


def main() -> None:
    handle = watchkeeper.instrument(service_name="support-graph", capture="all")
    question = " ".join(sys.argv[1:]) or "Where is order 1042?"
    with watchkeeper.context(session="conversation-1", user="alice", feature="orders"):
        text, trace_id = answer(build_graph(), question)
    print(text)
    print(f"trace {trace_id}: {watchkeeper.trace_url(trace_id or '')}")
    handle.shutdown()


if __name__ == "__main__":
    main()
