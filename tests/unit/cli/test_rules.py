"""`watchkeeper rules`."""

import json
from pathlib import Path

from tests.unit.cli.conftest import Run

DATA = Path(__file__).parents[2] / "data" / "rules"


def test_rules_check_tells_every_fault_and_fails(run: Run) -> None:
    found = run("rules", "check", str(DATA / "bad" / "fields.yml"))
    assert found.exit_code == 1
    lines = found.stdout.splitlines()
    assert len(lines) == 9
    assert lines[0].startswith(f"{DATA}/bad/fields.yml:3:5: There is no field 'intervall' here.")
    assert "9 faults." in found.stderr


def test_rules_check_takes_folders_and_says_what_is_good(run: Run) -> None:
    found = run("rules", "check", str(DATA / "errors.yml"))
    assert (found.exit_code, found.stdout, found.stderr) == (0, "", "2 rules in 1 group: no faults.\n")
    missing = run("rules", "check", "nowhere")
    assert missing.exit_code == 1
    assert "There is no such rule file" in missing.stdout


def test_rules_test_reports_in_words_and_in_xml(run: Run, tmp_path: Path) -> None:
    (tmp_path / "errors.yml").write_text((DATA / "errors.yml").read_text("utf-8"))
    test = tmp_path / "one.test.yml"
    test.write_text(
        "rule_files: [errors.yml]\n"
        "tests:\n"
        "- name: quiet\n"
        "  input_series: [{series: 'error_rate{model=\"a\"}', values: '0x9'}]\n"
        "  alert_rule_test: [{eval_time: 5m, alertname: ErrorRateHigh}]\n"
    )
    found = run("rules", "test", str(test), "--junit", "out.xml")
    assert (found.exit_code, found.stderr) == (0, "1 test passed.\n")
    assert found.stdout == f"ok {test}: quiet\n"
    assert 'failures="0"' in (tmp_path / "out.xml").read_text()
    test.write_text(test.read_text().replace("0x9", "1x9"))
    failed = run("rules", "test", str(test))
    assert failed.exit_code == 1
    assert "firing, but not expected" in failed.stdout
    assert "1 of 1 test failed." in failed.stderr


def test_rules_schema_is_the_json_schema(run: Run) -> None:
    assert json.loads(run("rules", "schema").stdout)["title"] == "Alert rules of Watchkeeper"
