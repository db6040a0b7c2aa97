"""Rule files that are made to hurt: each is a fault with its place, in little time, and nothing is run."""

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from watchkeeper_collector.alerts.rules.files import load_rule_files, read_rule_texts

MOST_CPU_S = 3.0
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
FILES: Mapping[str, str] = {
    "a-billion-laughs": LAUGHS,
    "merged-laughs": "a: &a {x: 1}\n" + "".join(f"b{n}: &b{n} {{<<: *a, y{n}: *a}}\n" for n in range(5_000)),
    "an-endless-alias": "a: &a [*a]",
    "deep-lists": "[" * 50_000,
    "deep-mappings": "{a: " * 50_000,
    "deep-by-indentation": "".join(f"{' ' * n}a:\n" for n in range(1_000)),
    "an-object": "!!python/object/apply:os.system ['touch /tmp/watchkeeper-was-here']",
    "a-module": "!!python/module:os",
    "a-tag": "!<tag:example.com,2000:x> y",
    "binary": "a: !!binary " + "A" * 1_000_000,
    "zero": "groups: \0",
    "half-a-character": "groups: \ud800",
    "a-million-digits": "groups: " + "9" * 1_000_000,
    "sexagesimal": "groups: " + ":".join(["59"] * 10_000),
    "many-documents": "---\na: 1\n" * 10_000,
    "many-members": "\n".join(f"k{n}: {n}" for n in range(10_000)),
    "twice-the-same": "groups: []\n" * 1_000,
    "too-large": "a: " + "x" * (5 << 20),
    "markup": "groups: [{name: '<script>alert(1)</script>\r\n\x1b[31m', rules: [{alert: x}]}]",
}


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_rule_file_is_a_fault(name: str) -> None:
    started_s = time.process_time()
    found = read_rule_texts({"rules.yml": FILES[name]})
    assert found.rules == []
    assert found.faults
    assert all(len(fault.message) < 1_000 for fault in found.faults)
    assert time.process_time() - started_s < MOST_CPU_S
    assert not Path("/tmp/watchkeeper-was-here").exists()


def test_what_is_no_rule_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("password: swordfish-in-a-file")
    (tmp_path / "rules.yml").symlink_to(tmp_path / "nothing")
    (tmp_path / "binary.yml").write_bytes(bytes(range(256)))
    for pattern in (
        str(tmp_path),
        f"{tmp_path}/**/../secret.txt",
        "/etc/passwd",
        "\0",
        f"{tmp_path}/[",
        "/dev/null",
    ):
        found = load_rule_files([pattern])
        assert found.rules == []
        assert found.faults
        told = " ".join(fault.render() for fault in found.faults)
        assert "swordfish" not in told
