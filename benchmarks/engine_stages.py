"""The stages in the engine: decoding, each leg of the normalisation, writing, and the insert as a whole."""

import secrets
from collections.abc import Iterator
from typing import NamedTuple

from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.sink import StoreSink
from watchkeeper_schemas.protobuf import render_columns, schema_path

from benchmarks.clock import Timing, middle, timed
from benchmarks.views import View, read_views

WRITING = {"insert_deduplicate": 0, "max_threads": 1, "max_partitions_per_insert_block": 0}
READING = {"max_threads": 1}


class Stage(NamedTuple):
    """``fixed`` is what it costs however many spans there are; it is in ``whole`` too."""

    name: str
    whole: Timing
    fixed: Timing | None = None


class Stages:
    """Times each stage by itself, over tables in memory. ``repeats`` times; the medians count."""

    def __init__(self, store: Store, payload: bytes, tiny: bytes, repeats: int) -> None:
        self._store = store
        self._payload, self._tiny = payload, tiny
        self._repeats = repeats
        self._schema = store.protobuf_settings(schema_path("traces"), "Record")

    def run(self) -> Iterator[Stage]:
        yield self._decode()
        for view in read_views(self._store):
            yield self._read(view)
            if view.keeps:
                yield self._write(view)
            else:
                self._keep(view)

    def insert(self) -> Stage:
        """All of it as the drain does it, by turns with an insert of a single span."""
        sink = StoreSink(self._store)
        wholes, fixed = [], []
        for _ in range(self._repeats):
            fixed.append(_time_insert(sink, self._tiny))
            wholes.append(_time_insert(sink, self._payload))
        return Stage("whole insert", middle(wholes), middle(fixed))

    def _decode(self) -> Stage:
        self._store.command(
            f"CREATE TABLE watchkeeper.kept_otlp_traces ({render_columns('traces')}) ENGINE = Memory"
        )
        timings = []
        for _ in range(self._repeats):
            self._store.command("TRUNCATE TABLE watchkeeper.kept_otlp_traces")
            with timed() as timing:
                self._store.raw_insert("kept_otlp_traces", self._payload, "Protobuf", self._schema)
            timings.append(timing)
        return Stage("decode Protobuf", middle(timings))

    def _read(self, view: View) -> Stage:
        """All that the view computes, thrown away; fixed is to plan it. The first time does not count."""
        select = self._select(view)
        wholes, plans = [], []
        for _ in range(self._repeats + 1):
            plans.append(self._time(f"EXPLAIN PIPELINE {select}", "TSV"))
            wholes.append(self._time(select, "Null"))
        return Stage(f"view {view.name}", middle(wholes[1:]), middle(plans[1:]))

    def _write(self, view: View) -> Stage:
        """Sorting, compressing, indexing and fsync of rows that are ready."""
        ready, select = f"watchkeeper.ready_{view.target}", self._select(view)
        names = ", ".join(f"`{row[0]}`" for row in self._store.query(f"DESCRIBE ({select})").rows)
        self._store.command(f"CREATE TABLE {ready} ENGINE = Memory AS {select}")
        statement = f"INSERT INTO watchkeeper.{view.target} ({names}) SELECT {names} FROM {ready}"
        timings = []
        for _ in range(self._repeats):
            with timed() as timing:
                self._store.command(statement, settings=WRITING)
            timings.append(timing)
        return Stage(f"write {view.target}", middle(timings))

    def _keep(self, view: View) -> None:
        """Keep what the view makes, for the views behind it."""
        kept = f"watchkeeper.kept_{view.target}"
        self._store.command(f"CREATE TABLE {kept} ENGINE = Memory AS {self._select(view)}")

    def _select(self, view: View) -> str:
        return view.over(f"kept_{view.source}")

    def _time(self, statement: str, fmt: str) -> Timing:
        with timed() as timing:
            self._store.raw_query(statement, fmt, settings=READING)
        return timing


def _time_insert(sink: StoreSink, payload: bytes) -> Timing:
    token = secrets.token_hex(8)
    with timed() as timing:
        sink.insert("traces", token, payload, token)
    return timing
