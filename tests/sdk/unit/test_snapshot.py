"""Plain copies of whatever applications hand over."""

import json

from watchkeeper.snapshot import Snapshot


def test_keys_are_texts_whatever_they_were() -> None:
    given = {("node", 1): "a", 2: {frozenset({3}): "b"}, None: "c", "plain": "d"}
    copied = Snapshot().take(given)
    assert json.loads(json.dumps(copied)) == copied
    assert set(copied) == {"('node', 1)", "2", "None", "plain"}
