"""docs/query.md says what the registries say."""

import re

import pytest
from watchkeeper_collector.query.bindings import Bindings
from watchkeeper_collector.query.source import Slice, Source

from scripts.query_reference import REFERENCE, render_reference
from tests.query import KnownNames

TABLE = REFERENCE.read_text("utf-8").partition("| you write |")[2].partition("\n\n")[0]
EXAMPLES = re.findall("`(.*?)`", "\n".join(line.split(" | ")[0] for line in TABLE.splitlines()))


def test_reference_is_what_the_code_says() -> None:
    """Otherwise: python scripts/query_reference.py"""
    text = REFERENCE.read_text("utf-8")
    assert text == render_reference(text)


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_of_a_filter_is_one(text: str) -> None:
    conditions = Slice("shop", filter=text, may_search_content=True).conditions(
        Bindings(), Source(KnownNames())
    )
    assert len(conditions) == 2
