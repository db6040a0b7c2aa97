"""``watchkeeper redaction``: what is taken out of telemetry before it is stored."""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.client import ApiClient
from watchkeeper_collector.cli.console import clean, print_json, say
from watchkeeper_collector.cli.failures import USED_WRONGLY, CommandFailedError
from watchkeeper_collector.cli.manual import add_group

PATH = "/api/v1/redaction"
HELP = """What is taken out of a project's telemetry before it is stored: secrets, personal data, users' ids.

The project is that of the API key, which needs the right admin. What a policy holds: docs/redaction.md.
"""
TEXT = "input.value"

PolicyFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="The policy, as JSON, or as TOML by the file's ending.")
]


def add_to(program: typer.Typer) -> None:
    add_group(program, "redaction", HELP, show=show, set=set_policy, remove=remove, **{"try": try_policy})


def show(url: options.Url = options.DEFAULT_URL, api_key: options.Key = "") -> None:
    """Show the policy in force, as JSON that `set` takes.

    $ watchkeeper redaction show > policy.json
    """
    found = ApiClient(url, api_key).get(PATH)
    whose = "the collector's settings" if found["is_default"] else f"the project, version {found['version']}"
    say(f"The policy of {whose}:" if found["version"] else "Nothing is redacted.")
    print_json(found["policy"])


def set_policy(file: PolicyFile, url: options.Url = options.DEFAULT_URL, api_key: options.Key = "") -> None:
    """Put a policy into force, on all collectors within a second. What is stored already stays.

    $ watchkeeper redaction set policy.json
    """
    set_now = ApiClient(url, api_key).send("PUT", PATH, _read(file))
    say(f"Version {set_now['version']} of the project's redaction policy is in force.")


def remove(url: options.Url = options.DEFAULT_URL, api_key: options.Key = "") -> None:
    """Take the project's policy back: that of the collector's settings is in force then, if there is one.

    $ watchkeeper redaction remove
    """
    ApiClient(url, api_key).send("DELETE", PATH)
    say("The project has no redaction policy of its own.")


def try_policy(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What might be in a prompt.")],
    name: Annotated[str, typer.Option("--name", help="The attribute that it stands in.")] = TEXT,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", metavar="FILE", help="Another policy.", show_default="the one in force"),
    ] = None,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """See what would be stored of a text. Nothing of it is kept.

    $ watchkeeper redaction try "Mail joe@example.com" --policy policy.json
    """
    body: dict[str, Any] = {"attributes": {name: text}}
    if policy is not None:
        body["policy"] = _read(policy)
    tried = ApiClient(url, api_key).send("POST", f"{PATH}/try", body)
    print_json(tried["attributes"])
    counts = ", ".join(f"{clean(detector)} {count}" for detector, count in tried["hits"].items())
    say(f"Found: {counts or 'nothing'}.")


def _read(file: Path) -> Any:
    """The document in a file. Raises ``CommandFailedError``."""
    try:
        text = file.read_text("utf-8")
        return tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise CommandFailedError(
            f"The file '{file}' can't be read: {error.strerror}.", exit_code=USED_WRONGLY
        ) from None
    except ValueError as error:
        raise CommandFailedError(
            f"The file '{file}' is no {'TOML' if file.suffix == '.toml' else 'JSON'}: {error}.",
            exit_code=USED_WRONGLY,
        ) from None
