"""The SQL of filters, as a reviewer sees it."""

from pathlib import Path

import pytest
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Slice, Source
from watchkeeper_collector.query.times import SECOND_NS, Window

from tests.query import KnownNames

SNAPSHOTS = Path(__file__).parents[3] / "data" / "snapshots" / "filters"
DAY = Window(1_795_132_800 * SECOND_NS, 1_795_219_200 * SECOND_NS)

FILTERS = {
    "search_bar": "model:gpt-4o* -status:error cost:>0.10 latency:>=2s user:(u1 OR u2) attr.tenant:acme"
    ' "refund policy"',
    "nothing": "",
    "text": 'service:web release:=a*b name:"x*" user:* session:"" model:*mini',
    "numbers": "cost:0.01..0.2 tokens:>=10k ttft:<500ms latency:1.5m error_status:429 attr.score:>0.5",
    "flags": "is:call is:root is:streaming is:duplicate is:unpriced status:ok",
    "presence": "has:user has:cost has:attr.tenant has:resource.host.name has:output",
    "logic": "NOT (kind:tool OR kind:agent) AND -is:root",
    "keys": 'attr."it\'s":x resource.host.name:h*',
    "word": "refund",
    "word_in_names": "refund",
    "part_of_a_word": "refund*",
    "phrase_with_signs": '"C++ or gpt-4o"',
    "accents": '"Müller GmbH"',
    "script_without_spaces": "返金ポリシー",
}
NO_NAMES = Source(KnownNames())
NAMES = {"word_in_names": Source(KnownNames("refund lookup", "issue refund"))}


@pytest.mark.parametrize("name", FILTERS)
def test_sql_of_a_filter_is_the_reviewed_one(name: str) -> None:
    """A changed query is looked at as SQL: write what the failure shows into the file."""
    bindings = Bindings()
    slice_ = Slice("shop", DAY, FILTERS[name], may_search_content=True)
    conditions = "\nAND ".join(slice_.conditions(bindings, NAMES.get(name, NO_NAMES)))
    values = "".join(f"-- {key} = {value!r}\n" for key, value in bindings.values.items())
    shown = f"-- {FILTERS[name]}".rstrip() + f"\n{conditions}\n{values}"
    assert shown == (SNAPSHOTS / f"{name}.sql").read_text("utf-8")
