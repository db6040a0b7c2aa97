"""Whatever the API's own document allows, and what it doesn't, is answered without a fault of ours."""

from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from tests.security.target import CANARY, Target

EXCLUDED = ("/api/v1/demo", "/api/v1/export", "/metrics", "/api/v1/alerts/receivers", "/api/v1/receivers")
"""What removes or renders everything, again and again, and what would send to addresses made up here."""
METHODS = frozenset({"get", "post", "put", "delete"})
EACH = 1
EACH_OF_CAMPAIGN = 100


@pytest.fixture(scope="module")
def schema(target: Target) -> Any:
    document = target.ask("/api/v1/openapi.json").json()
    document["paths"].pop("/api/v1/keys/{key_id}", None)
    found = schemathesis.openapi.from_dict(document)
    found.config.update(base_url=target.collector.http)
    return found


def operations(schema: Any) -> list[Any]:
    found = [result.ok() for result in schema.get_all_operations()]
    return [
        operation
        for operation in found
        if operation.method.lower() in METHODS and not operation.path.startswith(EXCLUDED)
    ]


def attack(target: Target, operations: list[Any], mode: GenerationMode, each: int) -> set[str]:
    """Send examples of operations; the paths that were tried."""
    tried = set()

    def check(case: Any) -> None:
        answer = case.call(headers={"authorization": f"Bearer {target.key}"}, timeout=60)
        assert answer.status_code < 500, (case.as_curl_command(), answer.text[:500])
        assert CANARY not in answer.text

    for operation in operations:
        strategy = operation.as_strategy(generation_mode=mode)

        sampled = settings(
            max_examples=each,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        with suppress(Unsatisfiable):  # what has no parameters can't be asked wrongly
            sampled(given(strategy)(check))()
            tried.add(operation.path)
    return tried


MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_examples_of_the_document_meet_no_fault(target: Target, schema: Any, mode: GenerationMode) -> None:
    """Every other operation in each mode; the campaign has all of them in both."""
    half = operations(schema)[MODES.index(mode) :: 2]
    assert len(attack(target, half, mode, EACH)) > 30


@pytest.mark.campaign
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_many_examples_of_the_document_meet_no_fault(
    target: Target, schema: Any, mode: GenerationMode
) -> None:
    assert len(attack(target, operations(schema), mode, EACH_OF_CAMPAIGN)) > 60
