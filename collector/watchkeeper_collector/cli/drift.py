"""``watchkeeper drift``: has it changed, between any two slices."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.client import ApiClient
from watchkeeper_collector.cli.console import Column, print_json, print_line, print_table
from watchkeeper_collector.cli.failures import USED_WRONGLY, CommandFailedError
from watchkeeper_collector.cli.manual import add_command

PATH = "/api/v1/drift/check"
RELEASE, SAVED, RANGE = "release:", "saved:", ".."
WORDS = ("rolling", "season")


class Form(StrEnum):
    """How verdicts are printed."""

    TABLE = "table"
    JSON = "json"


def add_to(program: typer.Typer) -> None:
    add_command(program, "drift", check)


def check(
    *,
    candidate: Annotated[
        str, typer.Option(help="What is looked at: release:1.5, or START..END, or START.")
    ] = "-24h",
    baseline: Annotated[
        str,
        typer.Option(
            help="What it is compared with: rolling (the seven days before), season (the same hours of four"
            " weeks), release:1.4, START..END, or saved:NAME."
        ),
    ] = "rolling",
    query: Annotated[str, typer.Option("--filter", help="Which calls, on both sides.")] = "",
    with_text: Annotated[bool, typer.Option("--text/--no-text", help="Compare the texts too.")] = True,
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.TABLE,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Compare two slices: has it changed, how much and why; or how much data is missing.

    Times are relative (-24h) or RFC 3339, in UTC. Examples of answers need a key with the scope content.

    $ watchkeeper drift --baseline release:1.4 --candidate release:1.5
    $ watchkeeper drift --baseline 2026-11-01..2026-11-08 --candidate -24h --filter "model:gpt-4o*"
    $ watchkeeper drift --baseline "saved:Launch week" --format json
    """
    client = ApiClient(url, api_key)
    body = {
        "candidate": read_side(candidate) | {"filter": query},
        "baseline": _read_baseline(client, baseline) | {"filter": query},
        "with_text": with_text,
    }
    answer = client.send("POST", PATH, body)
    if form == Form.JSON:
        print_json(answer)
        return
    print_line(answer["reason"])
    print_table(COLUMNS, _rows(answer), empty="No slice has a feature that both sides know.")


def read_side(text: str) -> dict[str, str]:
    """A side as the API takes it. Raises ``CommandFailedError``."""
    if text.startswith(RELEASE) and len(text) > len(RELEASE):
        return {"release": text.removeprefix(RELEASE)}
    start, _, end = text.partition(RANGE)
    if not start or ":" in start.split("T")[0]:
        raise CommandFailedError(
            f"'{text[:60]}' names no calls. Expected release:VERSION, START..END or START, such as -24h.",
            exit_code=USED_WRONGLY,
        )
    return {"start": start, "end": end}


def _read_baseline(client: ApiClient, text: str) -> dict[str, str]:
    if text in WORDS:
        return {"kind": text}
    if text.startswith(SAVED):
        return {"kind": "saved", "id": _find_saved(client, text.removeprefix(SAVED))}
    return {"kind": "pinned", **read_side(text)}


def _find_saved(client: ApiClient, name: str) -> str:
    """The id of a saved baseline by its name or id."""
    found = client.items("/api/v1/baselines")
    for baseline in found:
        if name in {baseline["name"], baseline["id"]}:
            return str(baseline["id"])
    known = ", ".join(baseline["name"] for baseline in found) or "none"
    raise CommandFailedError(
        f"There is no baseline '{name[:60]}'. There is: {known}.", exit_code=USED_WRONGLY
    )


COLUMNS = (
    Column("SLICE", is_flexible=True),
    Column("FEATURE"),
    Column("ANSWER"),
    Column("BEFORE", is_number=True),
    Column("AFTER", is_number=True),
    Column("EFFECT", is_number=True),
    Column("P", is_number=True),
    Column("UNITS", is_number=True),
)


def _rows(answer: Mapping[str, Any]) -> Iterator[list[str]]:
    for part in answer["slices"]:
        name = f"{part['slice_by']} {part['slice_value']}".strip()
        for feature in part["features"]:
            yield [
                name,
                feature["feature"],
                _answer(feature),
                _value(feature["before"]),
                _value(feature["after"]),
                "-" if feature["effect"] is None else f"{feature['effect']:.2f}",
                f"{feature['adjusted_p']:.2g}",
                f"{feature['before_units']:,}/{feature['after_units']:,}",
            ]


def _answer(feature: Mapping[str, Any]) -> str:
    return f"needs {feature['needs']:,} more" if feature["answer"] == "unknown" else str(feature["answer"])


def _value(text: str) -> str:
    try:
        return f"{float(text):,.4g}"
    except ValueError:
        return text or "-"
