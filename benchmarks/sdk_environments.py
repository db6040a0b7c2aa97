"""An environment for each set of packages that is compared, made once and kept in ``.venv/peers``."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.sdk_variants import Variant

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".venv" / "peers"
NEWEST_S = 900
"""Most that an installation may take."""


class NotInstallableError(Exception):
    """Why a variant's packages cannot be had here."""


def python_of(variant: Variant) -> Path:
    """The interpreter that has the variant's packages; raises ``NotInstallableError``."""
    name = hashlib.sha256("\n".join(variant.requirements).encode()).hexdigest()[:12]
    folder = PEERS / name
    if not (folder / "complete").exists():
        make_environment(folder, variant.requirements)
    return folder / "bin" / "python"


def make_environment(folder: Path, requirements: Sequence[str]) -> None:
    print(f"installing {' '.join(requirements)}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *requirements]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=NEWEST_S)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise NotInstallableError(errors[-1] if errors else done.stderr[-200:])
    (folder / "complete").touch()


def environ_of(variant: Variant) -> dict[str, str]:
    """Nothing of this machine's settings, and the modules here."""
    ours = os.pathsep.join((str(ROOT), str(ROOT / "instrumentation")))
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "LANGFUSE_"))}
    return {**kept, **variant.environment, "PYTHONPATH": ours, "NO_PROXY": "*", "PYTHONHASHSEED": "0"}
