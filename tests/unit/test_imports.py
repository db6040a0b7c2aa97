"""Imports point one way: the picture in code."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "watchkeeper": ROOT / "instrumentation" / "watchkeeper",
    "watchkeeper_collector": ROOT / "collector" / "watchkeeper_collector",
    "watchkeeper_dashboard": ROOT / "dashboard" / "watchkeeper_dashboard",
    "watchkeeper_schemas": ROOT / "schemas" / "watchkeeper_schemas",
}
MAY_IMPORT = {
    "watchkeeper": set[str](),
    "watchkeeper_collector": {"watchkeeper_schemas"},
    "watchkeeper_dashboard": set[str](),
    "watchkeeper_schemas": set[str](),
}
SHARED = {"watchkeeper_collector": ("watchkeeper.redaction.",)}
"""A part of another package that needs nothing else of it: the detectors are the same on both sides."""
APPLICATIONS = ("watchkeeper_collector/demo/live/",)
"""Applications that come with a package and run in processes of their own: they may use the SDK."""
LEVELS = (
    {"__main__"},
    {"cli"},
    {"serving"},
    {"app"},
    {"api", "otlp", "alerts", "backup", "drift", "demo"},
    {"query", "erasure", "pricing", "redaction", "rollup", "settling", "spool", "store", "state"},
    {"telemetry"},
    {"settings"},
    {"certificates", "sealing"},
    {"errors"},
)
"""The collector's parts, from the top. A part imports from lower levels only, and from itself."""
LEVEL = {part: level for level, parts in enumerate(LEVELS) for part in parts}


def sources(package: str) -> list[Path]:
    return sorted(PACKAGES[package].rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, wherever it does, with the line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        match node:
            case ast.Import():
                yield from ((alias.name, node.lineno) for alias in node.names)
            case ast.ImportFrom(level=0, module=str(module)):
                yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)
            case ast.ImportFrom():
                pytest.fail(f"{path}:{node.lineno}: a relative import hides its direction")


def part(module: str) -> str:
    """The collector's part that a dotted name lies in; empty for the package itself."""
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_they_may(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {package} imports {module}"
        for path in sources(package)
        for module, line in imported(path)
        if module.partition(".")[0] in PACKAGES
        and module.partition(".")[0] not in allowed
        and not f"{module}.".startswith(SHARED.get(package, ()))
        and not (module.startswith("watchkeeper") and any(one in str(path) for one in APPLICATIONS))
    ]
    assert wrong == []


def test_every_part_of_the_collector_has_its_level() -> None:
    root = PACKAGES["watchkeeper_collector"]
    parts = {path.relative_to(root).parts[0].removesuffix(".py") for path in sources("watchkeeper_collector")}
    assert parts - set(LEVEL) == {"__init__"}


def test_collector_imports_go_down_only() -> None:
    root = PACKAGES["watchkeeper_collector"]
    wrong = []
    for path in sources("watchkeeper_collector"):
        importer = path.relative_to(root).parts[0].removesuffix(".py")
        for module, line in imported(path):
            if module.partition(".")[0] != "watchkeeper_collector" or importer == "__init__":
                continue
            target = part(module)
            if target != importer and LEVEL.get(target, -1) <= LEVEL[importer]:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {importer} imports {target}")
    assert wrong == []


def test_importing_the_sdk_loads_no_server_package() -> None:
    """Also where the whole server is installed, as here."""
    probe = (
        "import json, sys, watchkeeper; print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    distributions = packages_distributions()
    found = {name for module in loaded for name in distributions.get(module, [])}
    assert found & server_only_distributions() == set()
    assert loaded & (set(PACKAGES) - {"watchkeeper"}) == set()


def server_only_distributions() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    names = {
        re.split(r"[^A-Za-z0-9-]", text)[0] for extra in ("server", "postgres") for text in extras[extra]
    }
    return names - set(re.findall(r"(?m)^([a-z0-9-]+)==", (ROOT / "locks" / "base.txt").read_text("utf-8")))
