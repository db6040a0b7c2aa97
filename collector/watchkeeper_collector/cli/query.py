"""``watchkeeper query``: measures by dimensions, as a table, JSON or CSV."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.client import ApiClient
from watchkeeper_collector.cli.console import (
    Column,
    print_csv,
    print_json,
    print_table,
    render_number,
    say,
)
from watchkeeper_collector.cli.manual import add_command
from watchkeeper_collector.cli.moments import render_time
from watchkeeper_collector.cli.question import Question, read_question
from watchkeeper_collector.query.dimensions import DIMENSIONS
from watchkeeper_collector.query.measures import MEASURES

PATH = "/api/v1/query"
VOCABULARY = f"""
Measures: {", ".join(MEASURES)}.

Dimensions: {", ".join(DIMENSIONS)}, attr.KEY, resource.KEY.
"""


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def add_to(program: typer.Typer) -> None:
    add_command(program, "query", ask, more=VOCABULARY)


def ask(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="QUESTION",
            help="MEASURES, then any of: by DIMENSIONS, where FILTER, last 7d, since TIME, until TIME,"
            " step 1h, order COLUMN, limit N.",
        ),
    ],
    *,
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Ask for numbers: what did it cost, how often did it fail, how long did it take.

    Without a window the last 24 hours are meant. `where` takes the filter language of the search bar; in
    it, words of this language need double quotes. Times are UTC.

    $ watchkeeper query "cost_usd by model last 7d"
    $ watchkeeper query "calls, error_rate by service where -model:gpt-4o* last 7d"
    $ watchkeeper query "errors where provider:openai step 1h"
    $ watchkeeper query "cost_usd by user order -cost_usd limit 10" --format csv
    """
    question = read_question(" ".join(words))
    client, parameters = ApiClient(url, api_key), build_parameters(question)
    if form == Format.CSV:
        print_csv(client.get_text(PATH, parameters, "text/csv"))
        return
    answer = client.get(PATH, parameters)
    if form == Format.JSON:
        print_json(answer)
    else:
        print_table(_columns(answer), _rows(answer), empty="Nothing matches in this window.")
    if answer["is_truncated"]:
        say("There are more groups: see them with a higher `limit`.")


def build_parameters(question: Question) -> dict[str, Any]:
    """The question as the API takes it; what isn't said is left to it."""
    return {name: value for name, value in asdict(question).items() if value not in {"", None, ()}}


def _columns(answer: Mapping[str, Any]) -> list[Column]:
    time = [Column("TIME")] if answer["step_s"] else []
    dimensions = [Column(name.upper(), is_flexible=True) for name in answer["dimensions"]]
    return [*time, *dimensions, *(Column(m["name"].upper(), is_number=True) for m in answer["measures"])]


def _rows(answer: Mapping[str, Any]) -> Iterator[list[str]]:
    for row in answer["rows"]:
        time = [render_time(datetime.fromisoformat(row["time"][:19] + "+00:00"))] if answer["step_s"] else []
        dimensions = [row[name] or "-" for name in answer["dimensions"]]
        measures = [render_number(row[measure["name"]], measure["unit"]) for measure in answer["measures"]]
        yield [*time, *dimensions, *measures]
