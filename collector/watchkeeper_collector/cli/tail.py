"""``watchkeeper tail``: calls as they come, one line each."""

import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.client import AnswerError, ApiClient
from watchkeeper_collector.cli.console import clean, fit, is_terminal, print_line, render_number, say
from watchkeeper_collector.cli.follower import LOOK_AT, Follower, Span
from watchkeeper_collector.cli.manual import add_command

POLL_S = 1.0
PAUSE_S = 3.0
PIPED_WORDS = 120
LEAST_WORDS = 12
CALLS_ALONE = "is:call"


class Place(NamedTuple):
    """A column of the line. On a narrow terminal those with the highest ``rank`` go first."""

    name: str
    width: int
    is_number: bool = False
    rank: int = 0


PLACES = (
    Place("time", 8),
    Place("service", 16, rank=2),
    Place("model", 26),
    Place("latency", 9, is_number=True),
    Place("tokens", 13, is_number=True, rank=3),
    Place("cost", 9, is_number=True, rank=1),
)


def add_to(program: typer.Typer) -> None:
    add_command(program, "tail", follow)


def follow(
    *,
    filter_text: Annotated[
        str,
        typer.Option("--filter", help="Only what matches, such as 'model:gpt-5* -status:error cost:>0.01'."),
    ] = "",
    every_span: Annotated[bool, typer.Option("--all", help="Every span, not model calls alone.")] = False,
    lines: Annotated[
        int,
        typer.Option(
            "--lines", "-n", min=0, max=LOOK_AT, help="How many that were there before to begin with."
        ),
    ] = 10,
    since: Annotated[
        str, typer.Option(metavar="DURATION", help="Only what started within this time: 15m, 2d.")
    ] = "15m",
    no_follow: Annotated[bool, typer.Option("--no-follow", help="Print those, and end.")] = False,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Show model calls as they come, until Ctrl-C.

    One line each, in UTC: time, service, model, latency, tokens read and written, cost, and the error or the
    first words of the answer. Answers need a key with the right content.

    $ watchkeeper tail
    $ watchkeeper tail --filter 'status:error' -n 50
    """
    scope = [] if every_span else [CALLS_ALONE]
    filters = [*scope, f"({filter_text})"] if filter_text else scope
    follower = Follower(ApiClient(url, api_key), " ".join(filters), since)
    try:
        _print_new(follower, lines)
        while not no_follow:
            time.sleep(POLL_S)
            _print_when_there(follower)
    except KeyboardInterrupt:
        say()
        raise typer.Exit(0) from None


def _print_when_there(follower: Follower) -> None:
    """Wait for a collector that is away, saying so once; what it refuses for good ends the command."""
    has_said = False
    while True:
        try:
            return _print_new(follower, LOOK_AT)
        except AnswerError as error:
            if error.status not in {0, 429, 502, 503, 504}:
                raise
            if not has_said:
                say(f"{error.message} Waiting for it.")
            has_said = True
            time.sleep(PAUSE_S)


def _print_new(follower: Follower, most: int) -> None:
    spans = follower.new_spans()
    spans = spans[len(spans) - most :] if most < len(spans) else spans
    answers = follower.answers([span for span in spans if not span["is_error"]])
    width = shutil.get_terminal_size().columns if is_terminal() else None
    for span in spans:
        line = render_line(span, answers.get(span["span_id"], ""), width)
        print_line(typer.style(line, fg="red") if span["is_error"] and is_terminal() else line)


def render_line(span: Span, answer: str, width: int | None) -> str:
    """The span on one line of at most ``width``; where that is ``None``, its first words are kept short."""
    values = _values(span)
    places = list(PLACES)
    while width is not None and len(places) > 3 and _used(places) + LEAST_WORDS > width:
        places.remove(max(places, key=lambda place: place.rank))
    cells = [fit(values[place.name], place.width, is_number=place.is_number) for place in places]
    words = clean(_error(span) if span["is_error"] else answer)
    left = PIPED_WORDS if width is None else max(width - _used(places), 1)
    return "  ".join([*cells, fit(words, left)]).rstrip()


def _used(places: list[Place]) -> int:
    return sum(place.width + 2 for place in places)


def _values(span: Span) -> dict[str, str]:
    """Of the columns, each clean."""
    is_call = span["kind"] in {"llm", "embedding", "reranker"}
    name = (span["response_model"] or span["request_model"]) if is_call else span["span_name"]
    return {
        "time": f"{datetime.fromisoformat(span['timestamp'][:19]).replace(tzinfo=UTC):%H:%M:%S}",
        "service": clean(span["service_name"]),
        "model": clean(name) or "-",
        "latency": render_number(span["duration_ms"], "ms"),
        "tokens": _tokens(span) if is_call else "",
        "cost": render_number(span["cost_usd"], "usd") if is_call else "",
    }


def _tokens(span: Mapping[str, Any]) -> str:
    return f"{render_number(span['input_tokens'])} → {render_number(span['output_tokens'])}"


def _error(span: Span) -> str:
    status = str(span["error_status"] or "")
    kind = " ".join(
        filter(None, (span["error_type"], status if status not in str(span["error_type"]) else ""))
    )
    return ": ".join(filter(None, (kind, span["error_message"] or span["status_message"]))) or "failed"
