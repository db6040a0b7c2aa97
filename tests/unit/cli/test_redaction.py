"""`watchkeeper redaction`, in front of an API that answers what the test says."""

import json
from pathlib import Path

from tests.unit.cli.conftest import Api, Run

POLICY = {"detectors": {"email": "mask"}}


def test_the_policy_is_shown_as_set_takes_it(run: Run, api: Api) -> None:
    api.answer(200, {"version": "3", "policy": POLICY, "is_default": False})
    done = run("redaction", "show", "--url", api.url)
    assert json.loads(done.stdout) == POLICY
    assert "The policy of the project, version 3:" in done.stderr


def test_it_is_said_where_a_policy_comes_from_and_that_there_is_none(run: Run, api: Api) -> None:
    api.answer(200, {"version": "settings-12", "policy": POLICY, "is_default": True})
    assert "of the collector's settings" in run("redaction", "show", "--url", api.url).stderr
    api.answer(200, {"version": "", "policy": {}, "is_default": True})
    assert "Nothing is redacted." in run("redaction", "show", "--url", api.url).stderr


def test_a_policy_is_set_from_json_and_from_toml(run: Run, api: Api, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(json.dumps(POLICY))
    (tmp_path / "policy.toml").write_text('[detectors]\nemail = "mask"\n')
    api.answer(200, {"version": "4", "policy": POLICY, "is_default": False})
    for name in ("policy.json", "policy.toml"):
        done = run("redaction", "set", str(tmp_path / name), "--url", api.url)
        assert "Version 4 of the project's redaction policy is in force." in done.stderr
        assert (api.seen[-1][0], json.loads(api.seen[-1][3])) == ("PUT", POLICY)


def test_a_file_that_can_not_be_read_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text("{")
    (tmp_path / "policy.toml").write_text("[")
    for name, said in (
        ("policy.json", "is no JSON"),
        ("policy.toml", "is no TOML"),
        ("none", "can't be read"),
    ):
        done = run("redaction", "set", str(tmp_path / name))
        assert (done.exit_code, said in done.stderr) == (2, True)


def test_a_policy_is_removed(run: Run, api: Api) -> None:
    api.answer(204, None)
    assert run("redaction", "remove", "--url", api.url).exit_code == 0
    assert api.seen[-1][:2] == ("DELETE", "/api/v1/redaction")


def test_a_text_is_tried(run: Run, api: Api, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(json.dumps(POLICY))
    api.answer(200, {"attributes": {"x": "Mail [EMAIL]"}, "hits": {"email": 1}})
    done = run(
        "redaction",
        "try",
        "Mail a@b.example",
        "--name",
        "x",
        "--policy",
        str(tmp_path / "policy.json"),
        "--url",
        api.url,
    )
    assert json.loads(done.stdout) == {"x": "Mail [EMAIL]"}
    assert "Found: email 1." in done.stderr
    assert json.loads(api.seen[-1][3]) == {"attributes": {"x": "Mail a@b.example"}, "policy": POLICY}
