"""docs/redaction.md says what is so."""

import re
from pathlib import Path

import pytest
import watchkeeper
from watchkeeper.redaction import BUILT_IN, Redaction, read_policy
from watchkeeper.redaction.policy import MODES

from tests.sdk.collector import Collector

PAGE = (Path(__file__).parents[3] / "docs" / "redaction.md").read_text("utf-8")
ROWS = re.findall(r"(?m)^\| `(\w+)` \|", PAGE)


def test_every_detector_and_every_mode_has_its_row() -> None:
    assert [row for row in ROWS if row in BUILT_IN] == [*BUILT_IN[:2], "card", "iban", "ssn", "ip", "phone"]
    assert [row for row in ROWS if row in MODES] == list(MODES)


def test_the_first_example_is_what_comes_out() -> None:
    given, expected = re.search(r"makes `(.*?)` into `(.*?)`", PAGE).groups()  # type: ignore[union-attr]
    assert Redaction(read_policy(True)).apply(given) == expected


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_the_examples_run(example: str, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_ENDPOINT", collector.endpoint)
    monkeypatch.setenv("WATCHKEEPER_STRICT", "true")
    exec(example, {})
    handle = watchkeeper.instrument()
    assert handle.settings.redact.is_on
    assert "email" in handle.settings.redact.active
    handle.shutdown(5)
