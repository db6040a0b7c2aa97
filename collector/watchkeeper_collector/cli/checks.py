"""What the doctor looks at. Each check is a function from what is known to findings."""

import shutil
import socket
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from watchkeeper_collector.cli.console import render_number
from watchkeeper_collector.cli.findings import Finding, note, well, wrong

CLOCK_TOLERANCE_S = 5.0
OLD_SEGMENT_S = 60.0
FULL_SPOOL = 0.8
LOW_DISK_BYTES = 5 << 30
LAST_DISK_BYTES = 1 << 30
Status = Mapping[str, Any]


def check_version(status: Status) -> Iterator[Finding]:
    theirs, ours = status["version"], version("watchkeeper")
    if theirs == ours:
        yield well("version", f"{ours}, here and there.")
    else:
        advice = "Bring both to the newer one: commands may ask for what the collector does not know."
        yield note("version", f"The collector is {theirs}, this command {ours}.", advice)


def check_clock(ahead_s: float) -> Iterator[Finding]:
    """``ahead_s``: how far this machine's clock is ahead of the collector's, to a second."""
    if abs(ahead_s) <= CLOCK_TOLERANCE_S:
        yield well("clock", "This machine and the collector agree.")
    else:
        word = "ahead of" if ahead_s > 0 else "behind"
        yield wrong(
            "clock",
            f"This machine's clock is {abs(ahead_s):,.0f} s {word} the collector's.",
            "Set both by NTP: spans are stored by the time that their sender says.",
        )


def check_store(status: Status) -> Iterator[Finding]:
    store = status["store"]
    kind = "embedded engine" if store["is_embedded"] else "server"
    if not store["is_reachable"]:
        yield wrong(
            "store",
            f"ClickHouse does not answer: {store['problem']}",
            "See that it runs and that the DSN is right. Meanwhile the spool keeps what comes in.",
        )
    elif not store["is_ready"]:
        yield wrong(
            "store", f"It is not ready: {store['problem']}", "The collector tries again; its log says more."
        )
    else:
        size = sum(table["bytes_on_disk"] for table in store["tables"])
        yield well(
            "store",
            f"ClickHouse {store['engine_version']} ({kind}), schema {store['schema_version']},"
            f" {render_bytes(size)}.",
        )


def check_state(status: Status) -> Iterator[Finding]:
    state = status["state"]
    if state["is_reachable"]:
        yield well("state", "The store of keys answers.")
    else:
        advice = "Known keys stay good for a while, new ones can't be made: see that the database runs."
        yield wrong("state", f"The store of keys does not answer: {state['problem']}", advice)


def check_spool(status: Status) -> Iterator[Finding]:
    spool = status["spool"]
    waiting = f"{spool['segments']} segments of {render_bytes(spool['size_bytes'])} wait"
    if spool["last_failure"]:
        yield wrong(
            "spool", f"{waiting}, the store said: {spool['last_failure']}", "The store is the place to look."
        )
    elif spool["size_bytes"] > FULL_SPOOL * spool["quota_bytes"]:
        advice = "Once it is full senders must wait: see that the store keeps up, or raise spool_quota_bytes."
        yield wrong("spool", f"{waiting}: most of {render_bytes(spool['quota_bytes'])}.", advice)
    elif spool["oldest_age_s"] > OLD_SEGMENT_S:
        yield wrong(
            "spool",
            f"{waiting}, the oldest for {spool['oldest_age_s']:,.0f} s.",
            "The store takes data too slowly, or not at all: see its log.",
        )
    else:
        yield well("spool", f"{waiting}; {spool['drained_items']:,} items went into the store.")


def check_dead_letters(status: Status) -> Iterator[Finding]:
    if count := status["spool"]["dead_letters"]:
        yield wrong(
            "dead letters",
            f"{count:,} requests were refused by the store and are kept.",
            "See them with `watchkeeper dead-letters list`, bring them in with `dead-letters replay`.",
        )
    else:
        yield well("dead letters", "None: everything was stored.")


def check_workers(status: Status) -> Iterator[Finding]:
    for name, worker in status["workers"].items():
        if worker.get("last_error"):
            yield wrong(
                name,
                f"The last round failed: {worker['last_error']}",
                "It tries again by itself; the collector's log says more.",
            )
        else:
            yield well(name, "No round of the worker failed lately.")


def check_prices(status: Status) -> Iterator[Finding]:
    if count := status["store"]["unpriced_calls"]:
        yield note(
            "costs",
            f"{render_number(count)} calls of the last 30 days have no cost.",
            "See which with `watchkeeper prices unpriced`.",
        )


def check_disk(folder: Path, quota_bytes: int) -> Iterator[Finding]:
    """Where the data folder is on this machine."""
    free = shutil.disk_usage(folder).free
    text = f"{render_bytes(free)} free where '{folder}' is."
    if free < LAST_DISK_BYTES:
        yield wrong("disk", text, "Make room: a full disk refuses telemetry.")
    elif free < LOW_DISK_BYTES or free < quota_bytes:
        advice = (
            f"The spool may use {render_bytes(quota_bytes)} of it: make room, or set spool_quota_bytes lower."
        )
        yield note("disk", text, advice)
    else:
        yield well("disk", text)


def check_port(host: str, port: int) -> Iterator[Finding]:
    """Whether a collector could listen there, asked when none answers."""
    with socket.socket() as probe:
        probe.settimeout(1)
        is_taken = probe.connect_ex((host, port)) == 0
    if is_taken:
        yield wrong(
            "port",
            f"Another program listens on port {port}.",
            "Stop it, or give the collector another port: `watchkeeper up --http-port …`.",
        )
    else:
        yield well("port", f"Port {port} is free for a collector.")


def render_bytes(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
