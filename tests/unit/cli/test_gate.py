"""``watchkeeper gate``: what it prints, and its exit status."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner
from watchkeeper_collector.cli import gate as gate_module
from watchkeeper_collector.cli.client import AnswerError
from watchkeeper_collector.cli.failures import CommandFailedError
from watchkeeper_collector.cli.gate import ask_until_told, load_policy
from watchkeeper_collector.cli.gate_reports import render_junit, render_markdown
from watchkeeper_collector.cli.program import build_program

HOSTILE = "1.5 | <img src=x> [x](javascript:y) `z`\n# head \x1b[31m"


def measure(name: str, verdict: str, **facts: Any) -> dict[str, Any]:
    return {
        "measure": name, "label": name, "kind": "share", "verdict": verdict, "needs": 0, "before": 0.01,
        "after": 0.08, "change": 0.07, "low": 0.05, "high": 0.09, "tolerance": 0.02, "adjusted_p": 0.001,
        "before_units": 1_000, "after_units": 900, "reason": f"{name} is {verdict}", **facts,
    }  # fmt: skip


def verdict(answer: str, *measures: dict[str, Any]) -> dict[str, Any]:
    return {
        "verdict": answer, "reason": f"It is {answer}.", "needs": 0, "before_units": 1_000,
        "after_units": 900, "measures": list(measures), "text": None,
    }  # fmt: skip


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the collector answers, one after the other; what was asked is put behind."""
    answers: list[Any] = []

    class Client:
        def __init__(self, url: str, api_key: str) -> None:
            del url, api_key

        def send(self, method: str, path: str, body: Any) -> Any:
            answers.append((method, path, body))
            return answers.pop(0)

    monkeypatch.setattr(gate_module, "ApiClient", Client)
    return answers


def run(*arguments: str) -> Any:
    named = ["gate", "--baseline", "release:1.4", "--candidate", "release:1.5", *arguments]
    return CliRunner().invoke(build_program(), named)


@pytest.mark.parametrize(("status", "code"), [(422, 2), (400, 2), (401, 2), (0, 3), (429, 3), (503, 3)])
def test_a_refusal_or_silence_is_never_taken_for_a_verdict(
    monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    class Client:
        def __init__(self, url: str, api_key: str) -> None:
            del url, api_key

        def send(self, method: str, path: str, body: Any) -> Any:
            raise AnswerError("No.", status)

    monkeypatch.setattr(gate_module, "ApiClient", Client)
    failed = run().exception
    assert isinstance(failed, CommandFailedError)
    assert failed.exit_code == code


@pytest.mark.parametrize(("found", "code"), [("pass", 0), ("fail", 1), ("unknown", 3)])
def test_the_exit_status_is_the_verdict(answer: list[Any], found: str, code: int) -> None:
    answer.append(verdict(found, measure("error_rate", found)))
    done = run()
    assert done.exit_code == code, done.output
    assert f"It is {found}." in done.output
    assert answer == [
        (
            "POST",
            "/api/v1/compare",
            {"baseline": "release:1.4", "candidate": "release:1.5", "filter": "", "policy": {}},
        )
    ]


def test_reports_are_written_beside(answer: list[Any], tmp_path: Path) -> None:
    answer.append(verdict("fail", measure("error_rate", "fail"), measure("latency_ms", "unknown")))
    (tmp_path / "gate.toml").write_text('text = "fail"\n[measures]\nlatency_ms = {tolerance = 0.3}\n')
    files = {name: tmp_path / name for name in ("gate.md", "gate.xml")}
    done = run(
        "--policy", str(tmp_path / "gate.toml"), "--format", "json",
        "--markdown", str(files["gate.md"]), "--junit", str(files["gate.xml"]),
    )  # fmt: skip
    assert done.exit_code == 1
    assert json.loads(done.output)["verdict"] == "fail"
    assert answer[0][2]["policy"] == {"text": "fail", "measures": {"latency_ms": {"tolerance": 0.3}}}
    assert "error\\_rate" in files["gate.md"].read_text()
    suite = ET.parse(files["gate.xml"]).getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "1")


def test_a_policy_that_is_no_toml_is_a_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text("text = fail")
    with pytest.raises(CommandFailedError, match=r"gate\.toml' is no TOML: .*line 1") as raised:
        load_policy(tmp_path / "gate.toml")
    assert raised.value.exit_code == 2


def test_it_waits_until_it_can_be_told_or_time_is_over() -> None:
    clock = [0.0]

    def rest(seconds: float) -> None:
        clock[0] += seconds

    answers = iter([verdict("unknown"), verdict("unknown"), verdict("pass")])
    found = ask_until_told(lambda: next(answers), 100, now_s=lambda: clock[0], rest=rest)
    assert (found["verdict"], clock[0]) == ("pass", 60.0)
    found = ask_until_told(lambda: verdict("unknown"), 100, now_s=lambda: clock[0], rest=rest)
    assert (found["verdict"], clock[0]) == ("unknown", 160.0)


def test_names_of_releases_are_no_markup_in_reports() -> None:
    found = verdict("fail", measure("error_rate", "fail", reason=HOSTILE))
    report = render_markdown(found, "release:1.4", f"release:{HOSTILE}")
    assert "<img" not in report.replace("\\<", "")
    assert "](" not in report.replace("\\]", "")
    assert report.count("\n| ") == 2
    assert ET.fromstring(render_junit(found)) is not None
