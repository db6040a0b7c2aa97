"""The JSON Schema of rule files, for editors: as the documents are, so are the files."""

import json
from importlib.resources import files
from typing import Any

from watchkeeper_collector.alerts.rules.document import FileDocument

FILE = "rules.schema.json"


def build_schema() -> dict[str, Any]:
    schema = FileDocument.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Alert rules of Watchkeeper",
    }


def render_schema() -> str:
    return json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"


def load_schema() -> dict[str, Any]:
    """As it ships."""
    found: dict[str, Any] = json.loads(
        files("watchkeeper_schemas").joinpath("alerts").joinpath(FILE).read_text("utf-8")
    )
    return found
