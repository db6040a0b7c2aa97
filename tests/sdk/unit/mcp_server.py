"""A real MCP server with tools, a prompt and a resource, for either version of the library; by itself it
serves on standard input and output.
"""

from contextlib import asynccontextmanager
from typing import Any

import anyio
from mcp import ClientSession
from mcp.shared.memory import create_client_server_memory_streams

try:
    from mcp.server.mcpserver import Image, MCPServer
    from mcp.server.mcpserver.exceptions import ToolError

    IS_NEW = True
except ImportError:  # version 1
    from mcp.server.fastmcp import FastMCP as MCPServer
    from mcp.server.fastmcp import Image
    from mcp.server.fastmcp.exceptions import ToolError

    IS_NEW = False


def build_server(**tools: Any) -> Any:
    """One with the usual tools, and with ``tools``."""
    server = MCPServer("atlas")
    for name, function in {"find": find, "measure": measure, "draw": draw, "fail": fail, **tools}.items():
        server.add_tool(function, name=name)
    server.prompt(name="ask")(ask)
    server.resource("memo://norway", mime_type="text/plain")(read_memo)
    return server


def find(city: str) -> str:
    return f"{city} is in Norway."


def measure(city: str) -> dict[str, int]:
    return {"inhabitants": 700_000}


def draw() -> Any:
    return Image(data=b"pixels", format="png")


def fail() -> str:
    raise ToolError("the atlas is closed")


def ask(city: str) -> str:
    return f"Where is {city}?"


def read_memo() -> str:
    return "Oslo is the capital."


@asynccontextmanager
async def session_with(server: Any) -> Any:
    """A session with a server in this process, initialized."""
    core = server._lowlevel_server if IS_NEW else server._mcp_server
    async with create_client_server_memory_streams() as (ours, theirs), anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: core.run(*theirs, core.create_initialization_options()))
        async with ClientSession(*ours) as session:
            await session.initialize()
            yield session
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    build_server().run("stdio")
