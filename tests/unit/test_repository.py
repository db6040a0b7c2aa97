"""What holds for every file of the repository."""

import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
IGNORED = [line.strip("/\n ") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines() if line]
HOSTS = {
    "pypi": ("org",),
    "pythonhosted": ("org",),
    "npmjs": ("org", "com"),
    "yarnpkg": ("com",),
    "debian": ("org",),
    "docker": ("io", "com"),
    "ghcr": ("io",),
    "quay": ("io",),
}
REGISTRY = re.compile("|".join(rf"\b{name}\.{end}\b" for name, ends in HOSTS.items() for end in ends))
MACHINE_PATH = re.compile(r"(?<![\w.}~-])/(?:home|root|work|Users|mnt|workspace)/\w+")
SECTIONS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
PINNED = re.compile(r"(?m)^([a-z0-9-]+)==([^ ]+)(?: ; .*)? \\$")


def files(folder: Path = ROOT) -> Iterator[Path]:
    """Every file that git doesn't ignore."""
    for path in sorted(folder.iterdir()):
        relative = path.relative_to(ROOT).as_posix()
        if path.name == ".git" or any(
            fnmatch(path.name, name) or fnmatch(relative, name) for name in IGNORED
        ):
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def matches(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {found[0]}"
        for path in files()
        if b"\0" not in (content := path.read_bytes())
        for number, line in enumerate(content.decode("utf-8").splitlines(), 1)
        if (found := pattern.search(line))
    ]


def load_project() -> dict[str, dict[str, list[str]]]:
    project: dict[str, dict[str, list[str]]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return project


def test_no_file_names_a_package_registry() -> None:
    assert matches(REGISTRY) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert matches(MACHINE_PATH) == []


def test_no_file_is_left_over_from_a_merge() -> None:
    assert matches(re.compile(r"^(<{7}|>{7}) ")) == []


def test_licence_is_apache_2() -> None:
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text("utf-8")
    assert load_project()["project"]["license"] == "Apache-2.0"


def test_changelog_is_kept_in_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert text.startswith("# Changelog\n")
    releases = re.findall(r"(?m)^## (.*)$", text)
    assert releases[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", release) for release in releases[1:])
    assert set(re.findall(r"(?m)^### (.*)$", text)) <= SECTIONS


@pytest.mark.parametrize(
    ("lock", "extras"),
    [("base", []), ("server", ["server", "postgres"]), ("dev", ["server", "postgres", "dev"])],
)
def test_lock_satisfies_the_project(lock: str, extras: list[str]) -> None:
    """Otherwise: `make lock`."""
    project = load_project()["project"]
    optional: dict[str, list[str]] = project["optional-dependencies"]  # type: ignore[assignment]
    texts = [*project["dependencies"], *(text for extra in extras for text in optional[extra])]
    pins = read_pins(lock)
    wrong = []
    for requirement in map(Requirement, texts):
        versions = pins.get(canonicalize_name(requirement.name), [])
        if requirement.name != "watchkeeper" and not any(map(requirement.specifier.contains, versions)):
            wrong.append(f"{requirement}: {versions}")
    assert wrong == []


def read_pins(lock: str) -> dict[str, list[Version]]:
    pins: dict[str, list[Version]] = {}
    for name, version in PINNED.findall((ROOT / "locks" / f"{lock}.txt").read_text("utf-8")):
        pins.setdefault(name, []).append(Version(version))
    return pins


@pytest.mark.parametrize("lock", ["base", "server", "build"])
def test_locks_agree_on_versions(lock: str) -> None:
    tested = read_pins("dev")
    assert {name: tested.get(name) for name in read_pins(lock)} == read_pins(lock)


def test_lock_names_only_hashed_versions() -> None:
    for lock in ("base", "server", "dev", "build"):
        text = (ROOT / "locks" / f"{lock}.txt").read_text("utf-8")
        blocks = re.split(r"(?m)^(?=[a-z])", text)
        assert all("--hash=sha256:" in block for block in blocks if block.strip())


def test_build_lock_builds_the_project() -> None:
    build = load_project()["build-system"]["requires"]
    lines = (ROOT / "locks" / "build.in").read_text("utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == build
