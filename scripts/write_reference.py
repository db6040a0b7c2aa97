"""Write the generated parts of docs/api.md and docs/settings.md from the code; with --check only compare.

A generated part stands between a line `<!-- generated -->` and a line `<!-- end -->`.
"""

import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient
from watchkeeper_collector.app import build_collector
from watchkeeper_collector.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- generated -->\n", "<!-- end -->\n"

Json = Mapping[str, Any]


def main(arguments: list[str]) -> int:
    pages = {"docs/api.md": render_api(load_openapi()), "docs/settings.md": render_settings()}
    outdated = [name for name, text in pages.items() if not is_current(ROOT / name, text)]
    if "--check" in arguments and outdated:
        print(f"Outdated: {', '.join(outdated)}. Run: python scripts/write_reference.py", file=sys.stderr)
        return 1
    for name in outdated:
        write(ROOT / name, pages[name])
    return 0


def is_current(path: Path, text: str) -> bool:
    return path.read_text("utf-8") == replaced(path, text)


def write(path: Path, text: str) -> None:
    path.write_text(replaced(path, text), "utf-8")


def replaced(path: Path, text: str) -> str:
    before, _, rest = path.read_text("utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}"


def render_settings() -> str:
    rows = [
        (f"`{name}`", f"`WATCHKEEPER_{name.upper()}`", render_default(field.default), field.description)
        for name, field in Settings.model_fields.items()
    ]
    return render_table(("setting", "variable", "default", "what it is"), rows)


def render_default(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text}`" if text else "empty"


def load_openapi() -> Json:
    with tempfile.TemporaryDirectory() as folder:
        http = build_collector(Settings(data_dir=Path(folder))).http
        document: Json = TestClient(http).get("/api/v1/openapi.json").json()
    return document


def render_api(document: Json) -> str:
    schemas = document["components"]["schemas"]
    parts = [render_operation(*operation, schemas) for operation in operations(document)]
    models = [
        render_model(name, schema)
        for name, schema in sorted(schemas.items())
        if "properties" in schema and not name.startswith("Page_")
    ]
    return "\n\n".join(["## Endpoints", *parts, "## Objects", *models]) + "\n"


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def render_operation(method: str, path: str, operation: Json, schemas: Json) -> str:
    parts = [f"### `{method} {path}`", operation.get("description", operation.get("summary", ""))]
    scopes = [scope for way in operation.get("security", []) for names in way.values() for scope in names]
    parts.append(f"Scope: `{scopes[0]}`." if scopes else "No key is asked for.")
    if parameters := operation.get("parameters"):
        parts.append(render_table(("parameter", "type", "default", "what it is"), map(row_of, parameters)))
    if body := operation.get("requestBody"):
        parts.append(f"Body: {render_content(body['content'], schemas)}.")
    parts.append("; ".join(render_answers(operation["responses"], schemas)) + ".")
    return "\n\n".join(parts)


def row_of(parameter: Json) -> tuple[str, str, str, str]:
    schema = parameter["schema"]
    default = "required" if parameter["required"] else render_default(schema.get("default") or "")
    text = parameter.get("description", "in the path" if parameter["in"] == "path" else "")
    return f"`{parameter['name']}`", render_type(schema), default, text


def render_answers(responses: Json, schemas: Json) -> Iterator[str]:
    for status, response in responses.items():
        if status == "default":
            continue
        content = response.get("content")
        yield f"Answers {status}: {render_content(content, schemas)}" if content else f"Answers {status}"


def render_content(content: Json, schemas: Json) -> str:
    """What a body is: its type as JSON, or its media types where it has no form of its own."""
    forms = [form.get("schema", {}) for name, form in content.items() if name == "application/json"]
    if not forms or not forms[0]:
        return ", ".join(f"`{name}`" for name in content)
    name = forms[0].get("$ref", "").rpartition("/")[2]
    if name.startswith("Page_"):
        item = render_type(schemas[name]["properties"]["items"]["items"])
        return f'`{{"items": […], "next_cursor"}}` of {item}'
    return render_type(forms[0])


def render_model(name: str, schema: Json) -> str:
    required = schema.get("required", [])
    rows = [
        (
            f"`{field}`",
            render_type(about),
            "" if field in required else render_default("" if (d := about.get("default")) is None else d),
            about.get("description", ""),
        )
        for field, about in schema["properties"].items()
    ]
    parts = [f"### {name}", schema.get("description", "")]
    return "\n\n".join([*filter(None, parts), render_table(("field", "type", "default", "what it is"), rows)])


def render_type(schema: Json) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(map(render_type, schema["anyOf"]))
    kind, values = schema.get("type", "any"), schema.get("additionalProperties")
    if kind == "array":
        return f"list of {render_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(values, dict):
        return f"object of {render_type(values)}"
    return "time" if schema.get("format") == "date-time" else str(kind)


def render_table(head: Iterable[str], rows: Iterable[Iterable[str | None]]) -> str:
    lines = [list(head), ["---" for _ in head], *([(cell or "") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
