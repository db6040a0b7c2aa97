"""Contents and their parts, of requests and answers alike, and the tools that a model may call."""

from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.media import blob_part, modality_of
from watchkeeper.providers.google_genai.members import member
from watchkeeper.reading import Message, Part, mapping, mappings, text, text_part

ROLES = {"model": "assistant", "function": "tool"}


def read_content(content: Mapping[str, Any], *, role: str = "user") -> Message:
    """A content as a message; ``role`` is for one that doesn't say whose it is."""
    said = text(content.get("role")) or role
    parts = read_parts(content)
    is_answer = bool(parts) and all(part["type"] == "tool_call_response" for part in parts)
    return {"role": "tool" if is_answer else ROLES.get(said, said), "parts": parts}


def read_parts(content: Mapping[str, Any]) -> list[Part]:
    return [read_part(part) for part in mappings(content.get("parts"))]


def read_part(part: Mapping[str, Any]) -> Part:
    if isinstance(content := part.get("text"), str):
        return {"type": "reasoning", "content": content} if part.get("thought") else text_part(content)
    if call := mapping(member(part, "functionCall")):
        return _tool_call(call)
    if answer := mapping(member(part, "functionResponse")):
        response = {"type": "tool_call_response", "response": answer.get("response")}
        return {**response, "id": answer.get("id"), "name": answer.get("name")}
    if blob := mapping(member(part, "inlineData")):
        mime_type = text(member(blob, "mimeType"))
        return blob_part(modality_of(mime_type), blob.get("data"), mime_type)
    if file := mapping(member(part, "fileData")):
        mime_type = text(member(file, "mimeType"))
        uri = {"type": "uri", "modality": modality_of(mime_type), "uri": member(file, "fileUri")}
        return {**uri, "mime_type": mime_type} if mime_type else uri
    return _server_part(part)


def _tool_call(call: Mapping[str, Any]) -> Part:
    """``partialArgs`` are arguments that were streamed bit by bit."""
    arguments = call.get("args") or member(call, "partialArgs") or {}
    part: Part = {"type": "tool_call", "name": call.get("name"), "arguments": arguments}
    return {**part, "id": call["id"]} if call.get("id") else part


def _server_part(part: Mapping[str, Any]) -> Part:
    """What ran at Google's: code, searches; and what the future brings."""
    if code := member(part, "executableCode"):
        return {"type": "server_tool_call", "name": "code_execution", "server_tool_call": code}
    if result := member(part, "codeExecutionResult"):
        return {"type": "server_tool_call_response", "server_tool_call_response": result}
    if call := mapping(member(part, "toolCall")):
        name = member(call, "toolType")
        return {"type": "server_tool_call", "id": call.get("id"), "name": name, "server_tool_call": call}
    if answer := mapping(member(part, "toolResponse")):
        response = {"type": "server_tool_call_response", "id": answer.get("id")}
        return {**response, "server_tool_call_response": answer}
    return {"type": next(iter(part), "empty"), "content": dict(part)}


def read_tools(tools: Any) -> Iterable[dict[str, Any]]:
    """Functions flat, as the conventions have them; Google's own tools by their names."""
    for tool in mappings(tools):
        for function in mappings(member(tool, "functionDeclarations")):
            yield _function(function)
        for name, settings in tool.items():
            if name not in ("functionDeclarations", "function_declarations"):
                yield {"type": name, "settings": settings} if settings else {"type": name}


def _function(function: Mapping[str, Any]) -> dict[str, Any]:
    parameters = member(function, "parametersJsonSchema") or function.get("parameters")
    known = {"name": function.get("name"), "description": function.get("description")}
    return {"type": "function", **{k: v for k, v in known.items() if v}, "parameters": parameters}
