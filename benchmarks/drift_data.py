"""Answers of known models to known questions, with features worked out as far as Python can: LLMDrift."""

import gzip
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from watchkeeper_collector.drift.texts import Said

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "llmdrift"
APOLOGY = re.compile(r"\b(sorry|apolog)", re.IGNORECASE)
LIST_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s", re.MULTILINE)

MARCH = {"gpt-4": "gpt-4-0314", "gpt-3.5": "gpt-3.5-turbo-0301"}
JUNE = {"gpt-4": "gpt-4-0613", "gpt-3.5": "gpt-3.5-turbo-0613"}
TASKS = ("prime", "sensitiveq", "leetcode")

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cell:
    """The answers of one model to one task: an array for each feature, and what was said."""

    features: Mapping[str, Values]
    said: Sequence[Said]

    def draw(self, places: npt.NDArray[np.intp]) -> "Cell":
        """These answers, in this order."""
        features = {name: values[places] for name, values in self.features.items()}
        return Cell(features, [self.said[place] for place in places])

    def __len__(self) -> int:
        return len(self.said)


def load_cells() -> dict[tuple[str, str], Cell]:
    """Every cell by task and model."""
    rows: dict[tuple[str, str], list[tuple[dict[str, object], str]]] = {}
    for call, answer in zip(_lines("calls"), _lines("answers"), strict=True):
        rows.setdefault((call["task"], call["model"]), []).append((call, answer))
    return {key: _cell(found) for key, found in rows.items()}


def _lines(name: str) -> list[Any]:
    text = gzip.decompress((FOLDER / f"{name}.jsonl.gz").read_bytes()).decode()
    return [json.loads(line) for line in text.splitlines()]


def _cell(rows: Sequence[tuple[Mapping[str, object], str]]) -> Cell:
    said = [
        Said(str(place), str(place), str(call["question"]), answer)
        for place, (call, answer) in enumerate(rows)
    ]
    measured = [_features(call, answer) for call, answer in rows]
    return Cell({name: np.array([row[name] for row in measured], float) for name in measured[0]}, said)


def _features(call: Mapping[str, object], answer: str) -> dict[str, float]:
    refused = call["answered"] == 0 if call["answered"] is not None else False
    return {
        "output_chars": len(answer),
        "output_words": len(answer.split()),
        "list_items": len(LIST_ITEM.findall(answer)),
        "output_tokens": float(str(call["output_tokens"])),
        "latency_ms": 1_000 * float(str(call["latency_s"])),
        "refusal": float(refused),
        "code_fence": float("```" in answer),
        "apology": float(bool(APOLOGY.search(answer[:200]))),
        "question": float(answer.rstrip().endswith("?")),
    }
