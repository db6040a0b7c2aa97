"""Everything that real instrumentations sent, through the real HTTP door, reads as what really happened."""

from collections.abc import Iterator

import pytest

from tests.acceptance.captures import Case, load_calls, load_cases, load_known, load_other_spans
from tests.acceptance.comparison import compare, wrong
from tests.acceptance.dialects import PAGE, render_page
from tests.acceptance.replay import Replay, replayed

pytestmark = pytest.mark.timeout(600)  # the first test waits for all captures to be sent and settled


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    with replayed(tmp_path_factory.mktemp("captures") / "data") as replay:
        yield replay


@pytest.mark.parametrize("case", load_cases(), ids=str)
def test_a_capture_reads_as_what_really_happened(case: Case, replay: Replay) -> None:
    known = {known.field for known in load_known() if known.case == case}
    assert [found for found in wrong(compare(case, replay.spans)) if found.field not in known] == []


def test_nothing_is_excused_that_is_right(replay: Replay) -> None:
    needed = {
        (found.case, found.field) for case in load_cases() for found in wrong(compare(case, replay.spans))
    }
    assert {(known.case, known.field) for known in load_known()} - needed == set()


def test_every_span_of_the_captures_is_there_once(replay: Replay) -> None:
    expected = {call.span_id for case in load_cases() for call in load_calls(case)}
    expected |= {other.span_id for case in load_cases() for other in load_other_spans(case)}
    assert expected <= set(replay.spans)
    assert replay.total("spans")["spans"] == len(replay.spans)


def test_measures_count_every_call_once(replay: Replay) -> None:
    """Also where a framework and a client recorded it both, and all share one project."""
    counted = [span for span in replay.spans.values() if not span["is_duplicate"]]
    calls = [span for span in counted if span["kind"] in ("llm", "embedding")]
    total = replay.total("calls", "input_tokens", "output_tokens", "cost_usd")
    assert total["calls"] == len(calls)
    for measure in ("input_tokens", "output_tokens", "cost_usd"):
        assert total[measure] == pytest.approx(sum(span[measure] or 0 for span in calls), rel=1e-9)


def test_the_published_table_is_what_the_comparison_says(replay: Replay) -> None:
    findings = [found for case in load_cases() for found in compare(case, replay.spans)]
    assert PAGE.read_text("utf-8") == render_page(findings), "Run: python scripts/dialect_reference.py"
