"""Requests to an MCP server for the contract, through the real session."""

from dataclasses import replace
from typing import Any

from tests.sdk.contract.mcp_wire import HTTP, McpWire, Sessions
from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply


def seams(method: str) -> tuple[str, ...]:
    return (f"mcp.client.session:ClientSession.{method}",)


CALL_SUBJECT = Subject(
    name="mcp.call_tool",
    http=lambda: HTTP,
    wire_type=McpWire,
    build=None,
    build_async=lambda wire: Sessions(wire.async_client()),
    call=lambda sessions: sessions.call_tool("find", {"city": "Oslo"}),
    reply=Reply({"content": [{"type": "text", "text": "Oslo is in Norway."}], "isError": False}),
    seams=(
        *seams("call_tool"),
        "mcp:stdio_client",
        "mcp.client.streamable_http:StreamableHTTPTransport.post_writer",
    ),
    methods=seams("call_tool"),
    attributes={
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "find",
        "mcp.method.name": "tools/call",
        "gen_ai.provider.name": None,
    },
    title="tools/call find",
    duration="mcp.client.operation.duration",
    failure=Reply({"error": {"code": -32602, "message": "slow down"}}),
    failure_type="-32602",
)
PROMPT: Any = {"role": "user", "content": {"type": "text", "text": "Where is Oslo?"}}
SUBJECTS = [
    CALL_SUBJECT,
    replace(
        CALL_SUBJECT,
        name="mcp.list_tools",
        faces_faults=False,
        call=lambda sessions: sessions.list_tools(),
        reply=Reply({"tools": [{"name": "find", "inputSchema": {"type": "object"}}]}),
        seams=seams("list_tools"),
        methods=seams("list_tools"),
        attributes={"mcp.method.name": "tools/list", "gen_ai.operation.name": None},
        title="tools/list",
        has_content=False,
    ),
    replace(
        CALL_SUBJECT,
        name="mcp.get_prompt",
        faces_faults=False,
        call=lambda sessions: sessions.get_prompt("ask", {"city": "Oslo"}),
        reply=Reply({"messages": [PROMPT]}),
        seams=seams("get_prompt"),
        methods=seams("get_prompt"),
        attributes={"mcp.method.name": "prompts/get", "gen_ai.prompt.name": "ask"},
        title="prompts/get ask",
    ),
    replace(
        CALL_SUBJECT,
        name="mcp.read_resource",
        faces_faults=False,
        call=lambda sessions: sessions.read_resource("memo://norway"),
        reply=Reply({"contents": [{"uri": "memo://norway", "text": "Oslo is in Norway."}]}),
        seams=seams("read_resource"),
        methods=seams("read_resource"),
        attributes={"mcp.method.name": "resources/read", "mcp.resource.uri": "memo://norway"},
        title="resources/read",
    ),
]
