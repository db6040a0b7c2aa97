"""``watchkeeper prices``: what applies, what is missing, what you set yourself."""

import shlex
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.client import ApiClient
from watchkeeper_collector.cli.console import Column, print_json, print_table, render_number, say
from watchkeeper_collector.cli.failures import USED_WRONGLY, CommandFailedError
from watchkeeper_collector.cli.manual import add_group
from watchkeeper_collector.cli.moments import read_moment
from watchkeeper_collector.cli.progress import working

PATH = "/api/v1/prices"
POLL_S = 1.0
HELP = """Prices of models: from the catalogue that comes with Watchkeeper, and your own, which go first.

Costs are computed when a call comes in. A price that is set applies to calls from then on; `reprice` computes
stored costs again.
"""
PRICE_COLUMNS = (
    Column("PROVIDER"),
    Column("MODEL", is_flexible=True),
    Column("TIER"),
    Column("USD PER MILLION TOKENS", is_flexible=True),
    Column("FROM"),
    Column("SOURCE"),
)
UNPRICED_COLUMNS = (
    Column("PROVIDER"),
    Column("MODEL", is_flexible=True),
    Column("CALLS", is_number=True),
    Column("INPUT TOKENS", is_number=True),
    Column("OUTPUT TOKENS", is_number=True),
    Column("WHY"),
)
REASONS = {
    "no_price": "nobody knows a price",
    "no_usage": "the call says no tokens",
    "contradictory_usage": "its tokens contradict each other",
}

Provider = Annotated[str, typer.Argument(metavar="PROVIDER", help="As in spans: openai, anthropic, vllm.")]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="As in spans, of the request or the answer.")]
OnlyProvider = Annotated[str | None, typer.Option("--provider", help="Of one provider only.")]
OnlyModel = Annotated[str | None, typer.Option("--model", help="Of one model only.")]
Since = Annotated[
    str, typer.Option("--since", metavar="WHEN", help="7d (ago), 2026-11-01 or 2026-11-01T08:00Z.")
]


def add_to(program: typer.Typer) -> None:
    add_group(
        program,
        "prices",
        HELP,
        list=list_prices,
        unpriced=list_unpriced,
        set=set_price,
        remove=remove_price,
        reprice=reprice,
    )


def list_prices(
    provider: OnlyProvider = None,
    model: OnlyModel = None,
    form: options.ListFormat = options.Format.TABLE,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """List the prices in force of the models that were called.

    $ watchkeeper prices list --provider openai
    """
    prices = ApiClient(url, api_key).items(PATH, {"provider": provider, "model": model})
    if form == options.Format.JSON:
        print_json(prices)
        return
    print_table(PRICE_COLUMNS, map(_price_row, prices), empty="No model was called that has a price.")


def list_unpriced(
    since: Since = "30d",
    form: options.ListFormat = options.Format.TABLE,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """List the calls that have no cost, by model, and why.

    $ watchkeeper prices unpriced --since 7d
    """
    found = ApiClient(url, api_key).items(f"{PATH}/unpriced", {"start": read_moment(since).isoformat()})
    if form == options.Format.JSON:
        print_json(found)
        return
    print_table(UNPRICED_COLUMNS, map(_unpriced_row, found), empty=f"Every call since {since} has a cost.")
    if any(row["reason"] == "no_price" for row in found):
        say("Set one: watchkeeper prices set PROVIDER MODEL --input 0.25 --output 2")


def set_price(
    *,
    provider: Provider,
    model: Model,
    input_usd: Annotated[float, typer.Option("--input", help="USD for a million input tokens.")],
    output_usd: Annotated[
        float | None, typer.Option("--output", help="USD for a million output tokens.")
    ] = None,
    cache_read_usd: Annotated[
        float | None, typer.Option("--cache-read", help="USD for a million tokens read from the cache.")
    ] = None,
    cache_write_usd: Annotated[
        float | None, typer.Option("--cache-write", help="USD for a million tokens written to the cache.")
    ] = None,
    tier: Annotated[
        str | None,
        typer.Option(help="Of one service tier only: batch, fast, flex, priority.", show_default="all"),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Valid from: 2026-11-01.", show_default="ever since")
    ] = None,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Set the price of a model for your project. It goes before the catalogue's.

    $ watchkeeper prices set vllm shop-intent-7b --input 0.05 --output 0.10
    $ watchkeeper prices reprice --since 30d --model shop-intent-7b
    """
    given = {
        "input_tokens": input_usd,
        "output_tokens": output_usd,
        "cache_read_tokens": cache_read_usd,
        "cache_write_tokens": cache_write_usd,
    }
    rates = {unit: usd for unit, usd in given.items() if usd is not None}
    body: dict[str, Any] = {"provider": provider, "model": model, "steps": [{"usd_per_million": rates}]}
    if tier is not None:
        body["service_tier"] = tier
    if since is not None:
        body["valid_from"] = read_moment(since).isoformat()
    ApiClient(url, api_key).send("PUT", PATH, body)
    say(f"'{model}' of '{provider}' now costs {_render_rates(rates)} per million tokens.")
    say("It holds from now on. To compute the costs of stored calls again:")
    say(f"  watchkeeper prices reprice --since 30d --model {shlex.quote(model)}")


def remove_price(
    provider: Provider, model: Model, url: options.Url = options.DEFAULT_URL, api_key: options.Key = ""
) -> None:
    """Take back the prices that your project set for a model, so that the catalogue's apply again.

    $ watchkeeper prices remove vllm shop-intent-7b
    """
    ApiClient(url, api_key).send("DELETE", PATH, parameters={"provider": provider, "model": model})
    say(f"The price that was set for '{model}' of '{provider}' is gone.")


def reprice(
    *,
    since: Since = "30d",
    until: Annotated[str | None, typer.Option(metavar="WHEN", help="As --since.", show_default="now")] = None,
    provider: OnlyProvider = None,
    model: OnlyModel = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    url: options.Url = options.DEFAULT_URL,
    api_key: options.Key = "",
) -> None:
    """Compute stored costs again, with the prices in force, and wait until it is done.

    $ watchkeeper prices reprice --since 30d --dry-run
    """
    start, end = read_moment(since), read_moment(until) if until else datetime.now(UTC)
    if start >= end:
        raise CommandFailedError("The window ends before it starts.", exit_code=USED_WRONGLY)
    body = {
        "start": start.isoformat(),
        "end": end.isoformat(),
        "provider": provider or "",
        "model": model or "",
        "dry_run": dry_run,
    }
    client = ApiClient(url, api_key)
    started = client.send("POST", f"{PATH}/reprice", body)
    say(_render_estimate(started["estimate"], dry_run=dry_run))
    if started["id"] is not None and started["estimate"]["changed_calls"]:
        _wait(client, started["id"])
        say("Done.")


def _wait(client: ApiClient, reprice_id: str) -> None:
    """Until the engine has rewritten every part; Ctrl-C leaves it to the engine."""
    with working("Rewriting costs (it goes on by itself after Ctrl-C)"):
        while not (progress := client.get(f"{PATH}/reprice/{reprice_id}"))["is_done"]:
            if progress["failure"]:
                raise CommandFailedError(f"The engine can't do it now and tries again: {progress['failure']}")
            time.sleep(POLL_S)


def _render_estimate(estimate: Mapping[str, Any], *, dry_run: bool) -> str:
    stored, repriced = estimate["stored_usd"] or 0.0, estimate["repriced_usd"] or 0.0
    verb = "would change" if dry_run else "change"
    return (
        f"{estimate['changed_calls']:,} of {estimate['calls']:,} calls {verb}:"
        f" {render_number(stored, 'usd')} becomes {render_number(repriced, 'usd')}."
    )


def _price_row(price: Mapping[str, Any]) -> tuple[str, ...]:
    steps = "; ".join(_render_step(step) for step in price["steps"])
    since = str(price["valid_from"])[:10]
    return (
        price["provider"],
        price["model"],
        price["service_tier"] or "standard",
        steps,
        "always" if since <= "1970-01-02" else since,
        "you" if price["source"] == "override" else price["source"],
    )


def _render_step(step: Mapping[str, Any]) -> str:
    text = _render_rates(step["usd_per_million"])
    return f"{text} from {step['from_input_tokens']:,} tokens" if step["from_input_tokens"] else text


def _render_rates(rates: Mapping[str, float]) -> str:
    return ", ".join(
        f"{unit.removesuffix('_tokens').replace('_', ' ')} {usd:g}" for unit, usd in rates.items()
    )


def _unpriced_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        row["provider"] or "-",
        row["model"] or "-",
        render_number(row["calls"]),
        render_number(row["input_tokens"]),
        render_number(row["output_tokens"]),
        REASONS.get(row["reason"], row["reason"]),
    )
