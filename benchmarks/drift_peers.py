"""What other libraries' defaults say of the same draws, in environments of their own.

The draws go to a program there as arrays in a file, and its flags come back as JSON.
"""

import hashlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.drift_data import Cell
from benchmarks.sdk_environments import PEERS, NotInstallableError, make_environment

PROGRAM = Path(__file__).with_name("drift_peer_program.py")
LIBRARIES = {
    "Evidently": ("evidently==0.7.23", "pandas<3"),
    "NannyML": ("nannyml==0.13.1", "pandas<3", "statsmodels"),
}
"""With what their own requirements leave open."""
TIMEOUT_S = 3_600


def flag(library: str, pairs: Sequence[tuple[Cell, Cell]], names: Sequence[str], work: Path) -> float | None:
    """The share of pairs in which any of the features is flagged; ``None``: it can't be had here."""
    try:
        python = _python_of(LIBRARIES[library])
    except NotInstallableError:
        return None
    arrays = {
        f"{place}:{side}": np.column_stack([cell.features[name] for name in names])
        for place, pair in enumerate(pairs)
        for side, cell in zip(("before", "after"), pair, strict=True)
    }
    draws = work / f"{library}.npz"
    np.savez(draws, names=np.array(names), **arrays)  # type: ignore[arg-type]
    done = subprocess.run(
        [python, PROGRAM, library, draws], capture_output=True, text=True, check=True, timeout=TIMEOUT_S
    )
    flags: list[bool] = json.loads(done.stdout.splitlines()[-1])
    return sum(flags) / len(flags)


def _python_of(requirements: Sequence[str]) -> Path:
    folder = PEERS / hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:12]
    if not (folder / "complete").exists():
        make_environment(folder, requirements)
    return folder / "bin" / "python"
