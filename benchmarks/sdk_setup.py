"""What importing and switching on cost: in a fresh process, beyond ``import openai``."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.sdk_environments import ROOT, environ_of
from benchmarks.sdk_variants import Variant

PROGRAM = """
import json, os, sys, time
started = time.process_time()
import openai
from benchmarks.sdk_variants import VARIANTS
if sys.argv[1] != "import openai":
    VARIANTS[sys.argv[1]].switch_on("http://127.0.0.1:9")
memory = [int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")][0]
figures = {"cpu_ms": time.process_time() * 1e3, "memory_mb": memory / 1024, "modules": len(sys.modules)}
print("SETUP " + json.dumps(figures), flush=True)
os._exit(0)
"""


class Setup(NamedTuple):
    """All three include those of ``import openai`` until ``added`` takes them away."""

    cpu_ms: float
    memory_mb: float
    modules: float

    def added(self, client: "Setup") -> "Setup":
        return Setup(*(own - theirs for own, theirs in zip(self, client, strict=True)))


class SetupRound(NamedTuple):
    """One run with the variant, and one without it in the same environment."""

    variant: Setup
    client: Setup


def measure_setup(python: Path, variant: Variant) -> SetupRound:
    return SetupRound(run(python, variant, variant.name), run(python, variant, "import openai"))


def run(python: Path, variant: Variant, what: str) -> Setup:
    command = [str(python), "-c", PROGRAM, what]
    done = subprocess.run(
        command, cwd=ROOT, env=environ_of(variant), capture_output=True, text=True, check=True, timeout=120
    )
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("SETUP ")]
    return Setup(**json.loads(line.removeprefix("SETUP ")))


def added_setup(rounds: Sequence[SetupRound]) -> Setup:
    """By the lowest of all rounds: the first compiles bytecode, and a machine with other work only adds."""
    with_variant, without = (
        Setup(*map(min, zip(*setups, strict=True))) for setups in zip(*rounds, strict=True)
    )
    return with_variant.added(without)
