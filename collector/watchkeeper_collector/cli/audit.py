"""``watchkeeper audit``: the proof that nothing in it was changed, and its entries as a file."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watchkeeper_collector.cli import options
from watchkeeper_collector.cli.console import Column, print_line, print_table, say
from watchkeeper_collector.cli.failures import FAILED, USED_WRONGLY, CommandFailedError
from watchkeeper_collector.cli.manual import add_group
from watchkeeper_collector.cli.state_store import open_state

if TYPE_CHECKING:
    from watchkeeper_collector.state.audit import Entry, Head
    from watchkeeper_collector.state.audit_proof import Proof
    from watchkeeper_collector.state.state import State

HELP = """The audit: who changed what, and who read prompts and answers.

Entries are only ever added. Each has a hash over itself and the one before it, by project.
"""
COLUMNS = (
    Column("PROJECT"),
    Column("ENTRIES", is_number=True),
    Column("LAST HASH"),
    Column("STATE", is_flexible=True),
)
Project = Annotated[str | None, typer.Option(help="Of one project only.")]


def add_to(program: typer.Typer) -> None:
    add_group(program, "audit", HELP, verify=verify, export=export)


def verify(
    *,
    project: Project = None,
    head: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROJECT:NUMBER:HASH",
            help="An end that was noted before: the chain must still hold it. Repeatable.",
        ),
    ] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What `audit export` wrote, instead of the store.")
    ] = None,
    data: options.Data = None,
    state_dsn: options.StateDsn = None,
    config: options.Config = None,
) -> None:
    """Compute every hash anew and say where each chain ends; fails where an entry was changed or is missing.

    Who can write to the state store can also write all of a chain anew. So note the ends now and then where
    that person can't, and give them here.

    $ watchkeeper audit verify
    $ watchkeeper audit verify --head checkout:118:5d0c…
    $ watchkeeper audit verify --file audit.jsonl
    """
    noted = {found.project: found for found in map(_read_head, head or ())}
    if file is not None:
        proofs = _prove_file(file, noted)
    else:
        with open_state("audit verify", config, data, state_dsn) as state:
            proofs = _prove_store(state, project, noted)
    rows = [
        (proof.project, str(proof.entries), proof.last_hash, proof.problem or "intact") for proof in proofs
    ]
    print_table(COLUMNS, rows, empty="The audit has no entry yet.")
    wrong = [proof for proof in proofs if proof.problem]
    if wrong:
        raise CommandFailedError(
            "\n".join(f"The audit of '{proof.project}' is not intact. {proof.problem}" for proof in wrong),
            exit_code=FAILED,
        )


def export(
    project: Project = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Else to stdout.")] = None,
    data: options.Data = None,
    state_dsn: options.StateDsn = None,
    config: options.Config = None,
) -> None:
    """Write all entries as JSON Lines, oldest first, with their hashes: `audit verify --file` proves them.

    $ watchkeeper audit export --project checkout --out audit.jsonl
    """
    with open_state("audit export", config, data, state_dsn) as state:
        chains = [project] if project else state.audit.chains()
        lines = (_line(entry) for chain in chains for entry in state.audit.chain(chain))
        count = _write(lines, out)
    say(f"{count:,} entries{f' in {out}' if out else ''}.")


def _write(lines: Iterator[str], out: Path | None) -> int:
    count = 0
    if out is None:
        for count, line in enumerate(lines, 1):  # noqa: B007 - how many there were
            print_line(line)
        return count
    with out.open("w", encoding="utf-8") as file:
        for count, line in enumerate(lines, 1):  # noqa: B007
            file.write(line + "\n")
    return count


def _prove_store(state: "State", project: str | None, noted: "dict[str, Head]") -> "list[Proof]":
    from watchkeeper_collector.state.audit_proof import prove  # noqa: PLC0415 - slow, for --help

    heads = {head.project: head for head in state.audit.heads()}
    chains = [project] if project else sorted({*state.audit.chains(), *noted})
    return [prove(name, state.audit.chain(name), heads.get(name), noted.get(name)) for name in chains]


def _prove_file(file: Path, noted: "dict[str, Head]") -> "list[Proof]":
    """Each chain by itself; its end is the last line of it."""
    from watchkeeper_collector.state.audit import Head  # noqa: PLC0415
    from watchkeeper_collector.state.audit_proof import prove  # noqa: PLC0415

    chains: dict[str, list[Entry]] = {}
    for entry in _read_lines(file):
        chains.setdefault(entry.project, []).append(entry)
    return [
        prove(name, chain, Head(name, chain[-1].number, chain[-1].hash), noted.get(name))
        for name, chain in sorted(chains.items())
    ]


def _read_lines(file: Path) -> "Iterator[Entry]":
    from watchkeeper_collector.state.audit import Entry  # noqa: PLC0415

    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError as error:
        raise CommandFailedError(
            f"'{file}' can't be read: {error.strerror}.", exit_code=USED_WRONGLY
        ) from error
    for number, line in enumerate(lines, 1):
        try:
            facts: dict[str, Any] = json.loads(line)
            yield Entry(**{**facts, "at": datetime.fromisoformat(facts["at"])})
        except (ValueError, KeyError, TypeError) as error:
            problem = f"{file}:{number}: this is no entry of the audit."
            raise CommandFailedError(problem, exit_code=FAILED) from error


def _read_head(text: str) -> "Head":
    from watchkeeper_collector.state.audit import Head  # noqa: PLC0415

    project, _, rest = text.partition(":")
    number, _, found = rest.partition(":")
    if not (project and number.isdecimal() and found):
        raise CommandFailedError(
            f"'{text}' is no end of a chain. Expected PROJECT:NUMBER:HASH, as `audit verify` shows them.",
            exit_code=USED_WRONGLY,
        )
    return Head(project, int(number), found)


def _line(entry: "Entry") -> str:
    facts = asdict(entry) | {"at": entry.at.isoformat()}
    return json.dumps(facts)
