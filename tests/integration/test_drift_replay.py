"""What a year taught: March's answers of GPT-4 give way to June's, under one name, and come back.

The calls go through the OTLP door of a running collector, an hour after the other; then the job looks at the
hours as they pass, and an alert rule at what the job found.
"""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from watchkeeper_collector.alerts.evaluation import drift as drift_rules
from watchkeeper_collector.alerts.evaluation.moment import Moment
from watchkeeper_collector.alerts.rules.condition import Drift
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.app.drifting import build_find_verdicts
from watchkeeper_collector.drift.events import Event, read_events
from watchkeeper_collector.drift.results import Result, read_results
from watchkeeper_collector.drift.worker import DriftWorker
from watchkeeper_collector.query.source import DAY_NS, Source
from watchkeeper_collector.query.times import SECOND_NS, Window
from watchkeeper_collector.settings import load_settings
from watchkeeper_collector.store.client import Store

from benchmarks.drift_data import JUNE, MARCH, Cell, load_cells
from tests.collector import CollectorProcess
from tests.otlp.requests import make_span, trace_request

HOUR_NS = 3_600 * SECOND_NS
CALLS = 210
HOURS = [MARCH, MARCH, JUNE, JUNE, MARCH]
FIRST_JUNE, SECOND_JUNE, FIRST_BACK = 2, 3, 4
RULE = Rule(
    uid="drift", alert="AnswersChanged", group="drift", project="", source="file", interval_s=60.0,
    offset_s=0.0, for_s=0.0, keep_firing_for_s=0.0, limit=0, no_data="keep", labels={}, annotations={},
    condition=Drift(),
)  # fmt: skip
PROTOBUF = {"content-type": "application/x-protobuf"}


class Replay:
    """The hours, with what was found at the end of each."""

    def __init__(self, source: Source, start_ns: int) -> None:
        self.source = source
        self.start_ns = start_ns
        self.alerts: list[str] = []

    def window(self, hour: int) -> Window:
        return Window(self.start_ns + hour * HOUR_NS, self.start_ns + (hour + 1) * HOUR_NS)

    def run(self) -> None:
        worker = DriftWorker(self.source, self.source.connection, lambda _: ())  # type: ignore[arg-type]
        for hour in range(len(HOURS)):
            now_ns = (self.window(hour).end_ns or 0) + 180 * SECOND_NS
            assert worker.run_round(now_ns) == 1, worker.status.last_error
            self.alerts.append(self._evaluate(now_ns))

    def verdict(self, hour: int, feature: str = "") -> Result:
        window = self.window(hour)
        found = read_results(
            self.source,
            "default",
            since_ns=(window.end_ns or 0) - 1,
            until_ns=window.end_ns,
            equal={"slice_by": "model", "slice_value": "gpt-4", "feature": feature},
        )
        return found[0]

    def events(self) -> list[Event]:
        return read_events(self.source, "default", window=Window())

    def _evaluate(self, now_ns: int) -> str:
        """The level of the rule's series for the model."""
        moment = Moment(RULE, datetime.fromtimestamp(now_ns / 1e9, UTC), ("default",))
        samples = drift_rules.judge(moment, Drift(), build_find_verdicts(self.source))
        levels = [sample.level for sample in samples if sample.labels.get("model") == "gpt-4"]
        return levels[0] if levels else ""


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    data = tmp_path_factory.mktemp("replay") / "data"
    start_ns = time.time_ns() // DAY_NS * DAY_NS - DAY_NS + 6 * HOUR_NS
    send_hours(data, start_ns)
    with closing(Store(load_settings(data_dir=data).store_dsn)) as store:
        found = Replay(Source(store), start_ns)
        found.run()
        yield found


def send_hours(data: Path, start_ns: int) -> None:
    cells = load_cells()
    with CollectorProcess(data, drift_enabled=False) as collector:
        collector.until_ready()
        for hour, models in enumerate(HOURS):
            cell = cells["prime", models["gpt-4"]]
            body = request(cell, models["gpt-4"], hour, start_ns + hour * HOUR_NS)
            sent = collector.ask("/v1/traces", method="POST", body=body, headers=PROTOBUF)
            assert sent.status == 200
        collector.until(lambda: collector.get("/api/v1/status")["spool"]["segments"] == 0)
        collector.stop()


def request(cell: Cell, model: str, hour: int, start_ns: int) -> bytes:
    """An hour's calls. The questions are in an order, primes first: they are shuffled before."""
    order = np.random.default_rng(1).permutation(len(cell))
    spans = []
    for place in range(CALLS):
        number = hour * CALLS + place
        said = cell.said[order[number % len(cell)]]
        begun_ns = start_ns + place * (HOUR_NS // CALLS)
        spans.append(
            make_span(
                {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "openai",
                    "gen_ai.request.model": "gpt-4",
                    "gen_ai.response.model": model,
                    "gen_ai.response.finish_reasons": ["stop"],
                    "gen_ai.input.messages": message("user", said.question),
                    "gen_ai.output.messages": message("assistant", said.answer),
                },
                trace_id=(number + 1).to_bytes(16, "big"),
                span_id=(number + 1).to_bytes(8, "big"),
                start_time_unix_nano=begun_ns,
                end_time_unix_nano=begun_ns + SECOND_NS,
            )
        )
    return trace_request(*spans).SerializeToString()


def message(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def test_the_first_hour_has_nothing_to_be_compared_with(replay: Replay) -> None:
    assert replay.verdict(0).answer == "unknown"


def test_another_hour_of_one_model_is_no_drift(replay: Replay) -> None:
    assert replay.verdict(1).answer == "no"


def test_the_change_is_flagged_in_its_first_hour_with_the_right_reason(replay: Replay) -> None:
    verdict = replay.verdict(FIRST_JUNE)
    assert (verdict.answer, verdict.windows) == ("major", 1)
    assert "characters of the answer" in verdict.reason
    chars = replay.verdict(FIRST_JUNE, "output_chars")
    assert float(chars.before) > 500
    assert float(chars.after) < 20
    assert replay.verdict(FIRST_JUNE, "text").effect > 0.95
    assert replay.verdict(FIRST_JUNE, "error").answer == "no"


def test_the_alert_fires_in_the_second_hour_and_not_before(replay: Replay) -> None:
    assert replay.verdict(SECOND_JUNE).windows == 2
    assert replay.alerts[FIRST_JUNE] == "clear"
    assert replay.alerts[SECOND_JUNE] == "met"


def test_it_is_over_with_the_first_hour_after_the_return(replay: Replay) -> None:
    assert replay.verdict(FIRST_BACK).answer == "no"
    assert replay.alerts[FIRST_BACK] == "clear"


def test_that_another_version_answers_is_one_event_with_evidence(replay: Replay) -> None:
    (event,) = replay.events()
    assert (event.kind, event.model) == ("response_model", "gpt-4")
    assert (event.before, event.after, event.calls) == ("gpt-4-0314", "gpt-4-0613", CALLS)
    assert event.evidence["before"]["output_chars"] > 500
    assert event.evidence["after"]["output_chars"] < 20
    assert event.timestamp == datetime.fromtimestamp(replay.window(FIRST_JUNE).start_ns / 1e9, UTC)


def test_a_round_without_new_calls_checks_nothing(replay: Replay) -> None:
    worker = DriftWorker(replay.source, replay.source.connection, lambda _: ())  # type: ignore[arg-type]
    assert worker.run_round((replay.window(len(HOURS) - 1).end_ns or 0) + 180 * SECOND_NS) == 0
