"""`watchkeeper dead-letters`, in front of an API that answers what the test says."""

import json

from tests.unit.cli.conftest import Api, Run

LETTER = {
    "id": "0018a1b2c3d4e5f6-00000001-000000",
    "signal": "traces",
    "key_id": "",
    "received_at": "2026-11-25T10:20:30.5Z",
    "reason": "Cannot parse\x1b[31m the message",
    "items": 12,
    "body_bytes": 3456,
}
LIST = {"items": [LETTER], "next_cursor": None}


def test_letters_are_listed_with_their_reason(run: Run, api: Api) -> None:
    api.answer(200, LIST)
    done = run("dead-letters", "list", "--url", api.url)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1].split("  ")[:3] == [LETTER["id"], "2026-11-25 10:20", "traces"]
    assert done.stdout.rstrip().endswith("Cannot parse the message")


def test_letters_are_listed_as_json(run: Run, api: Api) -> None:
    api.answer(200, LIST)
    assert json.loads(run("dead-letters", "list", "--format", "json", "--url", api.url).stdout) == [LETTER]


def test_letter_is_shown_whole_and_harmless(run: Run, api: Api) -> None:
    api.answer(200, LETTER)
    done = run("dead-letters", "show", "../x", "--url", api.url)
    assert api.seen[0][1] == "/api/v1/dead-letters/..%2Fx"
    assert "body bytes  3456" in done.stdout
    assert "\x1b" not in done.stdout


def test_one_letter_or_all_are_replayed(run: Run, api: Api) -> None:
    api.answer_by(lambda path: LIST if "replay" not in path else {"id": LETTER["id"], "items": 12})
    assert (
        "Replayed 1 letters with 12 items"
        in run("dead-letters", "replay", LETTER["id"], "--url", api.url).stderr
    )
    assert (
        "Replayed 1 letters with 12 items" in run("dead-letters", "replay", "--all", "--url", api.url).stderr
    )
    assert [(method, path.partition("?")[0]) for method, path, _, _ in api.seen] == [
        ("POST", f"/api/v1/dead-letters/{LETTER['id']}/replay"),
        ("GET", "/api/v1/dead-letters"),
        ("POST", f"/api/v1/dead-letters/{LETTER['id']}/replay"),
    ]


def test_replay_needs_to_be_told_which(run: Run) -> None:
    assert run("dead-letters", "replay").exit_code == 2
    assert run("dead-letters", "replay", "x", "--all").exit_code == 2
