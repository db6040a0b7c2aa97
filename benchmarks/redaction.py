"""CPU time of redaction per 1,000 characters, by policy and kind of text; and of texts made to be slow.

    python benchmarks/redaction.py [--rounds 5] [--hostile]

Each text is new to the redactor, as if it were seen for the first time, but for the row *again*: texts
without findings are remembered by their hash, since conversations are sent again with every turn.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from time import process_time

from watchkeeper.redaction import read_policy
from watchkeeper.redaction.redactor import Redactor

PROSE = (
    "Oslo is the capital of Norway, and lies at the head of a fjord. The city was founded in the year 1040, "
    "and became a bishopric some 30 years later. What would you like to know about it? I can tell you about "
    "its museums, its parks and the way to get there by train, ferry or plane.\n\n"
)
TOOL = {
    "type": "function",
    "name": "find_weather",
    "description": "Look up the weather of a city by its name.",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "The city's name"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
    },
}
TEXTS: Mapping[str, str] = {
    "ordinary text": PROSE * 16,
    "the same in Chinese": "奥斯陆是挪威的首都。我可以告诉你它的博物馆和公园。\n" * 100,
    "code": Path(argparse.__file__).read_text("utf-8")[:20_000],
    "JSON of tools": json.dumps([TOOL] * 16),
    "long division": "17077 / 13 = 1313.615, so 17077 is not divisible by 13. 17077 / 17 = 1004.529. " * 50,
    "a value in each line": "call +49 30 1234567 or write to joe@example.com, card 4111 1111 1111 1111\n"
    * 50,
}
POLICIES: Mapping[str, object] = {"secrets (default)": None, "all": True}
HOSTILE = (
    "1",
    "1 ",
    "@",
    "a.",
    "a@b.",
    "+1",
    "(1",
    "::",
    "1.",
    "password=",
    "key=",
    "eyJ",
    "\\u0031",
    '{"a":',
)
HOSTILE_BYTES = 1 << 20


def measure_us(work: Callable[[], object], rounds: int) -> float:
    """The best of some rounds: a shared machine only ever adds."""
    times = []
    for _ in range(rounds):
        start = process_time()
        work()
        times.append(process_time() - start)
    return min(times) * 1e6


def per_1000(policy: object, text: str, rounds: int) -> float:
    redactor = Redactor(read_policy(policy))
    numbers = iter(range(rounds))
    return (
        measure_us(lambda: redactor.redacted(f"{text}{next(numbers)}", Counter()), rounds) / len(text) * 1000
    )


def again(text: str, rounds: int) -> float:
    redactor = Redactor(read_policy(True))
    redactor.redacted(text, Counter())
    copies = ["".join(text) for _ in range(rounds)]
    return measure_us(lambda: redactor.redacted(copies.pop(), Counter()), rounds) / len(text) * 1000


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--hostile", action="store_true", help="also 1 MiB each of texts made to be slow")
    options = parser.parse_args()
    print("| µs per 1,000 characters | " + " | ".join(POLICIES) + " |\n|---|" + "---:|" * len(POLICIES))
    for name, text in TEXTS.items():
        figures = (per_1000(policy, text, options.rounds) for policy in POLICIES.values())
        print(f"| {name} | " + " | ".join(f"{figure:.1f}" for figure in figures) + " |")
    print(f"| ordinary text, again | | {again(TEXTS['ordinary text'], options.rounds):.1f} |")
    if options.hostile:
        print("\n| 1 MiB of | seconds |\n|---|---:|")
        for piece in HOSTILE:
            text = piece * (HOSTILE_BYTES // len(piece))
            print(f"| `{piece}` | {per_1000(True, text, 1) * len(text) / 1e9:.2f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
