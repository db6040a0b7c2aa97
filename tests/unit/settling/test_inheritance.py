"""What spans take over from their trace."""

from watchkeeper_collector.settling.inheritance import inherited
from watchkeeper_collector.settling.spans import FIELDS, Settled, Span

NOTHING = Settled().values


def span(span_id: str, parent_id: str = "", **own: str) -> Span:
    """A span with an own user, session or prompt."""
    values, bits = list(NOTHING), 0
    for position, name in enumerate(("user", "session", "prompt", "release", "environment", "feature")):
        if name in own:
            values[position] = (own[name], "v1") if name == "prompt" else (own[name],)
            bits |= FIELDS[position].bit
    return Span("shop", "t", span_id, parent_id, 0, 1, bits, Settled(tuple(values)))


def users(*spans: Span) -> dict[str, str]:
    found = inherited(spans)
    assert inherited(spans[::-1]) == found
    return {span_id: values[0][0] for span_id, values in found.items()}


def test_a_span_keeps_the_value_it_was_sent_with() -> None:
    assert users(span("root", user="ann"), span("child", "root", user="bob")) == {
        "root": "ann",
        "child": "bob",
    }


def test_the_nearest_ancestor_with_a_value_gives_it() -> None:
    found = users(span("root", user="ann"), span("mid", "root", user="bob"), span("leaf", "mid"))
    assert found["leaf"] == "bob"


def test_the_root_gives_its_value_to_spans_whose_parents_never_came() -> None:
    found = users(span("root", user="ann"), span("mid", "root", user="bob"), span("orphan", "lost"))
    assert found["orphan"] == "ann"


def test_what_all_own_values_agree_on_goes_up_and_sideways_too() -> None:
    found = users(span("root"), span("tool", "root"), span("call", "root", user="ann"), span("stray", "lost"))
    assert set(found.values()) == {"ann"}


def test_spans_above_two_users_have_none() -> None:
    found = users(span("root"), span("a", "root", user="ann"), span("b", "root", user="bob"))
    assert found == {"root": "", "a": "ann", "b": "bob"}


def test_roots_that_disagree_give_nothing_to_orphans() -> None:
    found = users(span("r1", user="ann"), span("r2", user="bob"), span("leaf", "r2"), span("orphan", "lost"))
    assert found["leaf"] == "bob"
    assert found["orphan"] == ""


def test_cycles_and_spans_that_are_their_own_parent_end() -> None:
    found = users(
        span("a", "b"), span("b", "a"), span("self", "self"), span("c", "d", user="ann"), span("d", "c")
    )
    assert set(found.values()) == {"ann"}


def test_a_value_walks_around_a_cycle() -> None:
    found = users(
        span("a", "b", user="ann"), span("b", "c"), span("c", "a"), span("other", "lost", user="bob")
    )
    assert found["b"] == found["c"] == "ann"


def test_a_prompt_comes_with_its_version() -> None:
    root = Span("shop", "t", "root", "", 0, 1, 4, Settled((*NOTHING[:2], ("greet", "v7"), *NOTHING[3:])))
    assert inherited([root, span("leaf", "root")])["leaf"][2] == ("greet", "v7")


def test_each_field_goes_its_own_way() -> None:
    found = inherited([span("root", user="ann", release="1"), span("leaf", "root", release="2")])
    assert found["leaf"][0] == ("ann",)
    assert found["leaf"][3] == ("2",)


def test_inherited_values_stay_when_their_source_has_expired() -> None:
    orphan = Span("shop", "t", "leaf", "gone", 0, 1, 0, Settled((("ann",), *NOTHING[1:])))
    assert inherited([orphan])["leaf"][0] == ("ann",)


def test_rows_that_share_a_span_id_are_one_span_whatever_comes_first() -> None:
    assert users(span("x", user="bob"), span("x", user="ann"), span("leaf", "x"))["leaf"] == "ann"


def test_a_chain_of_fifty_thousand_spans_is_walked_without_recursion() -> None:
    chain = [span("0", user="ann")] + [span(str(n), str(n - 1)) for n in range(1, 50_000)]
    chain.append(span("other", "lost", user="bob"))
    assert inherited(chain)["49999"][0] == ("ann",)
