"""docs/access.md: an admin sets up two teams by its commands, one after the other."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.collector import ROOT, CollectorProcess

PAGE = ROOT / "docs" / "access.md"


def commands() -> str:
    """The shell commands of the walk-through."""
    section = PAGE.read_text("utf-8").split("## Two teams in ten minutes")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))


def test_two_teams_are_set_up_by_the_commands_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "watchkeeper-data").mkdir()
    with CollectorProcess(tmp_path / "watchkeeper-data", segment_age_s=0.05) as collector:
        collector.until_ready()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WATCHKEEPER_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands()],
            cwd=tmp_path,
            env=clean | {"PATH": path, "WATCHKEEPER_URL": collector.http},
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
        assert done.returncode == 0, (done.stderr + done.stdout)[-2000:] + collector.log.read_text("utf-8")[
            -2000:
        ]
    assert re.search(r"checkout\s+Checkout team\s.*\s2\n", done.stdout)
    assert "intact" in done.stdout
    audit = (tmp_path / "checkout-audit.jsonl").read_text("utf-8")
    assert "GET /traces/{trace_id}" in audit
    secrets = [path.read_text("utf-8").strip().partition(".")[2] for path in tmp_path.glob("*.key")]
    assert len(secrets) == 5
    assert not any(secret in audit + done.stderr for secret in secrets)
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.glob("*.key"))
