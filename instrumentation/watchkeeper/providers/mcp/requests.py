"""What a client asks of an MCP server, and what comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opentelemetry.context import Context, create_key, set_value
from opentelemetry.trace import set_span_in_context

from watchkeeper.call import Call
from watchkeeper.conventions import OPERATION, TOOL_ARGUMENTS, TOOL_NAME, TOOL_RESULT
from watchkeeper.media import MODALITIES, blob_part, modality_of
from watchkeeper.reading import Attributes, Reader, Request, Response, mapping, mappings, text
from watchkeeper.snapshot import Plain

METHOD = "mcp.method.name"
IN_REQUEST = create_key("watchkeeper-in-mcp-request")
TARGETS = {
    "tools/call": ("name", TOOL_NAME),
    "prompts/get": ("name", "gen_ai.prompt.name"),
    "resources/read": ("uri", "mcp.resource.uri"),
}
"""The argument that says what a method is about, and the attribute for it."""
NAMED = frozenset({"tools/call", "prompts/get"})
"""Methods whose span's name has the target, of which there are few."""
CONTENT = {
    "tools/call": (TOOL_ARGUMENTS, TOOL_RESULT),
    "prompts/get": ("input.value", "output.value"),
    "resources/read": ("", "output.value"),
}
"""Where arguments and results go. Of other methods nothing is kept: servers list the same again and again."""


def read_request(body: Plain) -> Request:  # noqa: ARG001 - what is known of a request is known before it
    return Request()


def read_response(body: Plain) -> Response:
    body = mapping(body)
    failed = body.get("isError", body.get("is_error"))
    return Response(error_type="tool_error" if failed is True else None)


REQUESTS = Reader("", read_request, read_response)
TOOL_CALLS = Reader("execute_tool", read_request, read_response)


@dataclass(frozen=True, slots=True)
class Method:
    """A method of ``ClientSession`` and of the protocol."""

    function: str
    name: str
    parameters: tuple[str, ...] = ()
    reader: Reader = REQUESTS

    def read_arguments(self, given: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
        arguments = {**dict(zip(self.parameters, given, strict=False)), **named}
        own = {name: arguments[name] for name in self.parameters if name in arguments}
        return own | ({"uri": str(own["uri"])} if "uri" in own else {})


METHODS = (
    Method("initialize", "initialize"),
    Method("list_tools", "tools/list"),
    Method("call_tool", "tools/call", ("name", "arguments"), TOOL_CALLS),
    Method("list_prompts", "prompts/list"),
    Method("get_prompt", "prompts/get", ("name", "arguments")),
    Method("list_resources", "resources/list"),
    Method("list_resource_templates", "resources/templates/list"),
    Method("read_resource", "resources/read", ("uri",)),
    Method("complete", "completion/complete"),
)


class ServerRequest(Call):
    """One request to a server. What it calls by itself, such as a model, is recorded beneath it."""

    __slots__ = ()
    is_of_a_model = False

    def context(self) -> Context:
        return set_value(IN_REQUEST, self, set_span_in_context(self.span))

    @property
    def method(self) -> str:
        return str(self.body["method"])

    @property
    def title(self) -> str:
        return f"{self.method} {self._target()}".rstrip() if self.method in NAMED else self.method

    def opening_attributes(self) -> Attributes:
        attributes: Attributes = {METHOD: self.method, **self.body["server"]}
        if self.reader.operation:
            attributes[OPERATION] = self.reader.operation
        if protocol := text(self.body["protocol"]):
            attributes["mcp.protocol.version"] = protocol
        if target := self._target():
            attributes[TARGETS[self.method][1]] = target
        return attributes

    def contents(self) -> Mapping[str, Any]:
        into, out_of = CONTENT.get(self.method, ("", ""))
        given = self.body["arguments"].get("arguments")
        contents = {into: given, out_of: read_result(self.answered())}
        return {name: value for name, value in contents.items() if name}

    def _target(self) -> str:
        argument = TARGETS.get(self.method, ("", ""))[0]
        return text(self.body["arguments"].get(argument)) or ""


def read_result(body: Plain) -> Plain:
    """What a server answered: structured where it said so, else its messages or blocks of content."""
    body = mapping(body)
    structured = body.get("structuredContent", body.get("structured_content"))
    if structured is not None:
        return structured
    for member in ("content", "messages", "contents"):
        if items := mappings(body.get(member)):
            return _text_alone(items) or [without_media(item) for item in items]
    return None


def _text_alone(items: Sequence[Mapping[str, Any]]) -> str | None:
    """The text of an answer that is a text and nothing else, as that of most tools is."""
    return text(items[0].get("text")) if len(items) == 1 and items[0].get("type") == "text" else None


def without_media(value: Plain) -> Plain:
    """Images, sounds and files by their size, type and hash."""
    if isinstance(value, list):
        return [without_media(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    mime_type = text(value.get("mimeType")) or text(value.get("mime_type"))
    if value.get("type") in MODALITIES and "data" in value:
        return blob_part(value["type"], value["data"], mime_type)
    if "blob" in value:
        return {"uri": value.get("uri"), **blob_part(modality_of(mime_type), value["blob"], mime_type)}
    return {key: without_media(item) for key, item in value.items()}
