"""Prove what `pip install watchkeeper` gives: the SDK alone, from a whole wheel.

Builds the wheel, installs it with the locked base dependencies into an empty environment, and fails with a
list of what is wrong there. Run by `make bare-install`.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SERVER_EXTRAS = ("server", "postgres")
PROBE = """
import importlib.metadata, json, sys, watchkeeper
print(json.dumps({
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
    "distributions": sorted(d.metadata["Name"].lower() for d in importlib.metadata.distributions()),
}))
"""
PROGRAM = "import sys, watchkeeper.active; print(watchkeeper.active.recorder() is not None); sys.exit(7)"


def main() -> int:
    """The exit status."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        python = install(wheel, Path(folder) / "environment")
        problems = [*missing_files(wheel), *server_packages(python), *command_problems(python)]
    for problem in problems:
        print(problem, file=sys.stderr)
    print("The bare install is wrong." if problems else "The bare install holds the SDK alone.")
    return 1 if problems else 0


def build_wheel(folder: Path) -> Path:
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)])
    return next(folder.glob("*.whl"))


def install(wheel: Path, environment: Path) -> Path:
    """The interpreter of a new environment with the wheel in it."""
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    run([str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", "locks/base.txt"])
    run([str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)])
    run([str(python), "-m", "pip", "check"])
    return python


def missing_files(wheel: Path) -> Iterator[str]:
    """Files of our packages that the wheel lacks."""
    packed = set(zipfile.ZipFile(wheel).namelist())
    for package in load_project()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        for path in sorted((ROOT / package).rglob("*")):
            name = path.relative_to((ROOT / package).parent).as_posix()
            if path.is_file() and "__pycache__" not in path.parts and name not in packed:
                yield f"The wheel lacks '{name}'."


def server_packages(python: Path) -> Iterator[str]:
    """Server packages that were installed, and parts of the server that `import watchkeeper` loads."""
    found = json.loads(run([str(python), "-I", "-c", PROBE]))
    base = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "locks" / "base.txt").read_text("utf-8"), re.MULTILINE))
    for name in sorted(server_requirements() - base):
        if name in found["distributions"]:
            yield f"The bare install brings the server package '{name}'."
    for name in found["modules"]:
        if name.startswith("watchkeeper_"):
            yield f"`import watchkeeper` imports '{name}'."


def server_requirements() -> set[str]:
    extras = load_project()["project"]["optional-dependencies"]
    texts = [text for extra in SERVER_EXTRAS for text in extras[extra]]
    return {match[0].lower() for text in texts if (match := re.match(r"[A-Za-z0-9-]+", text))}


def command_problems(python: Path) -> Iterator[str]:
    """The command must say what is missing, and run programs without it."""
    command = [str(python.with_name("watchkeeper")), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "Traceback" in done.stderr or 'pip install "watchkeeper[server]"' not in done.stderr:
        yield f"`watchkeeper --help` does not name the missing extra:\n{done.stdout}{done.stderr}"
    command = [command[0], "run", "--", str(python), "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if (done.returncode, done.stdout, done.stderr) != (7, "True\n", ""):
        yield f"`watchkeeper run` does not run a program as it is:\n{done.stdout}{done.stderr}"


def load_project() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
