"""OpenTelemetry's JavaScript exporters, run by Node.js.

They are installed once, by ``npm ci``, into a cache folder named after the lock file.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.programs import find_program

SOURCE = Path(__file__).parent / "js"
WAYS = ("http none", "http gzip", "proto none", "proto gzip")
"""OTLP/JSON and protobuf, each as it is and compressed."""


def send_from_javascript(endpoint: str, way: str, key: str) -> None:
    """Send two spans, a log record and three metrics; fails where an exporter does."""
    node = find_program("node", package="nodejs")
    _run(node, "send.mjs", endpoint, *way.split(), key, cwd=_installed())


def _installed() -> Path:
    """The folder that holds the sender and its packages."""
    folder = _cache_dir()
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent))
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCE / name, fresh)
        _run(find_program("npm", package="npm"), "ci", "--no-audit", "--no-fund", cwd=fresh)
        fresh.rename(folder)
    shutil.copy(SOURCE / "send.mjs", folder)
    return folder


def _cache_dir() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    lock = hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()
    return base / "watchkeeper-tests" / lock[:16]


def _run(*command: str | Path, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
