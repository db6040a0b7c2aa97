"""Captured requests, renewed."""

import importlib.util
import itertools
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from google.protobuf.message import Message
from watchkeeper_collector.demo.captures import Capture, load_captures, refresh

ROOT = Path(__file__).parents[3]
END_NS = 1_800_000_000_000_000_000


@pytest.fixture(scope="module")
def packing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pack_captures", ROOT / "scripts" / "pack_captures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cases() -> list[list[Capture]]:
    grouped = itertools.groupby(load_captures(), key=lambda capture: (capture.dialect, capture.case))
    return [list(case) for _, case in grouped]


def spans(messages: list[tuple[str, Message]]) -> Iterator[Any]:
    for signal, message in messages:
        if signal == "traces":
            for group in message.resource_spans:  # type: ignore[attr-defined]
                for scope in group.scope_spans:
                    yield from scope.spans


def attributes(span: Any) -> dict[str, str]:
    return {found.key: found.value.string_value for found in span.attributes}


def test_archive_holds_the_captures_that_the_tests_use(packing: ModuleType) -> None:
    """Otherwise: python scripts/pack_captures.py"""
    packed = {(found.dialect, found.case, found.body) for found in load_captures()}
    there = {
        (path.parent.name, path.name.partition(".")[0], path.read_bytes())
        for path in packing.captured_requests()
    }
    assert packed == there
    assert len({dialect for dialect, _, _ in packed}) >= 38


def test_every_case_ends_when_it_is_told_to_and_keeps_its_durations(cases: list[list[Capture]]) -> None:
    for case in cases:
        before = list(spans(refresh(case, "a", 10**18)))
        after = list(spans(refresh(case, "a", END_NS)))
        assert max(span.end_time_unix_nano for span in after) <= END_NS
        assert [s.end_time_unix_nano - s.start_time_unix_nano for s in before] == [
            s.end_time_unix_nano - s.start_time_unix_nano for s in after
        ]


def test_two_runs_share_no_id(cases: list[list[Capture]]) -> None:
    ids = [
        {(span.trace_id, span.span_id) for case in cases for span in spans(refresh(case, run, END_NS))}
        for run in ("a", "b")
    ]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_parents_stay_parents(cases: list[list[Capture]]) -> None:
    for case in cases:
        original = list(spans([(c.signal, _decode(c)) for c in case]))
        renewed = list(spans(refresh(case, "a", END_NS)))
        known, renewed_known = ({s.span_id for s in side} for side in (original, renewed))
        assert [s.parent_span_id in known for s in original] == [
            s.parent_span_id in renewed_known for s in renewed
        ]


def test_twins_of_one_call_keep_one_response_id_and_cases_share_none(cases: list[list[Capture]]) -> None:
    by_case = {
        (case[0].dialect, case[0].case): [
            attributes(span)["gen_ai.response.id"]
            for span in spans(refresh(case, f"run {case[0].dialect} {case[0].case}", END_NS))
            if "gen_ai.response.id" in attributes(span)
        ]
        for case in cases
    }
    twins = by_case["otel-genai-anthropic-span", "chat"]
    assert len(twins) == 2
    assert len(set(twins)) == 1
    seen = [found for ids in by_case.values() for found in set(ids)]
    assert len(seen) == len(set(seen))


def _decode(capture: Capture) -> Message:
    return refresh([capture], "a", END_NS)[0][1]
