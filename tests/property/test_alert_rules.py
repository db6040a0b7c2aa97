"""Laws of alert rules: the checker takes anything, templates say anything, and nothing of it becomes SQL."""

import re
from datetime import UTC, datetime
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper_collector.alerts.evaluation.ask import Ask
from watchkeeper_collector.alerts.evaluation.asking import build_sliding_statement, build_statement
from watchkeeper_collector.alerts.evaluation.evaluating import ASKS
from watchkeeper_collector.alerts.evaluation.moment import moment_of
from watchkeeper_collector.alerts.rules.building import Home
from watchkeeper_collector.alerts.rules.document import RuleDocument
from watchkeeper_collector.alerts.rules.durations import read_duration_s, render_duration
from watchkeeper_collector.alerts.rules.files import read_rule_texts
from watchkeeper_collector.alerts.rules.records import read_single_rule
from watchkeeper_collector.alerts.rules.templates import MOST_EXPANDED_CHARS, check_template, expand
from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.query.source import Source

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOWHERE = Source(None)  # type: ignore[arg-type]  # statements are only composed
MARK = "Zq9"
PLACEHOLDER = re.compile(r"\{p\d+:[A-Za-z0-9()]+\}")
SIGNS = "'\"\\`{}()%_*:;,-./#=<>$@\n\t\0 AORND|"
TEXT = st.text(alphabet=st.one_of(st.sampled_from(SIGNS), st.characters(codec="utf-8")), max_size=30)
HOSTILE = TEXT.map(lambda text: text + MARK)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
FIELDS = [field.alias or name for name, field in RuleDocument.model_fields.items()]
LIKELY: dict[str, Any] = {
    "measure": st.sampled_from(["calls", "error_rate", "cost_usd", "score.x", "nothing"]),
    "condition": st.sampled_from(["> 5%", "> 5", "< -2x", ">= $10", "=="]),
    "by": st.lists(st.sampled_from(["model", "user", "attr.a", "attr.", "x"]), max_size=4),
    "for": st.sampled_from(["5m", "0", "-1s", "1e9d"]),
    "change": st.fixed_dictionaries({"against": st.sampled_from(["week", "mean", "x"])}),
    "anomaly": st.just({}),
    "burn_rate": st.sampled_from([{"objective": 0.99}, {"budget": "*"}, {}, {"windows": []}]),
    "absence": st.sampled_from([{}, {"season": "day"}]),
    "labels": st.dictionaries(TEXT, TEXT, max_size=3),
}
RULES = st.fixed_dictionaries(
    {"alert": TEXT | st.just("A")},
    optional={name: LIKELY[name] | JSON if name in LIKELY else JSON for name in FIELDS if name != "alert"},
)
GROUPS = st.fixed_dictionaries({"name": TEXT, "rules": st.lists(RULES | JSON, max_size=3)})
FILES = st.fixed_dictionaries({"groups": st.lists(GROUPS, max_size=2)})


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(FILES | JSON)
def test_a_random_document_is_read_or_refused_with_places(content: Any) -> None:
    try:
        text = yaml.safe_dump(content, allow_unicode=True)
    except (yaml.YAMLError, UnicodeEncodeError):
        return
    found = read_rule_texts({"rules.yml": text})
    assert all(fault.line >= 1 and fault.column >= 1 and fault.message for fault in found.faults)


@given(TEXT | st.text())
def test_a_random_text_is_read_or_refused(text: str) -> None:
    found = read_rule_texts({"rules.yml": f"groups:\n- {text}"})
    assert found.rules == [] or not found.faults


@given(RULES)
def test_a_random_rule_by_the_api_is_read_or_refused(document: dict[str, Any]) -> None:
    try:
        rule = read_single_rule(document, Home("id", "api", "shop"))
    except InvalidRequestError as error:
        told = error
    else:
        assert rule.uid == "id"
        return
    assert told.details.get("faults") or "Unicode" in told.message


def statements_of(document: dict[str, Any], project: str) -> str:
    """The SQL of everything that a rule asks."""
    rule = read_single_rule(document, Home("id", "api", project))
    moment = moment_of(rule, NOON, [])
    asks: list[Ask] = [*ASKS[type(rule.condition)](moment, rule.condition)]
    return "\n".join(text for ask in asks for text in (build_statement([ask, ask], NOWHERE)[0], sliding(ask)))


def sliding(ask: Ask) -> str:
    return build_sliding_statement(ask, 60_000_000_000, 10, NOWHERE)[0]


@settings(max_examples=60)
@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_hostile_texts_never_reach_the_sql(value: str, key: str, project: str, label: str) -> None:
    document = {
        "alert": "A",
        "measure": "cost_usd",
        "filter": f"user:{quoted(value)} OR attr.{quoted(key)}:{quoted(value)}*",
        "by": ["user", f"attr.{key}"],
        "share_of": [],
        "condition": "> 5%",
        "labels": {"a": label.replace("{", "")},
    }
    try:
        sql = statements_of(document, project)
    except InvalidRequestError:
        document["filter"] = f"user:{quoted(value)}"
        sql = statements_of(document, project)
    assert MARK not in sql
    assert "'" not in PLACEHOLDER.sub("", sql).replace("''", "").replace("'llm', 'embedding', 'reranker'", "")
    sql = statements_of({"alert": "A", "measure": f"score.{key}", "condition": "> 1", "filter": ""}, project)
    assert MARK not in sql


@given(st.text(max_size=60) | TEXT.map(lambda text: "{{ " + text + " }}"), TEXT, st.none() | st.floats())
def test_a_template_never_raises_and_is_bounded(template: str, label: str, value: float | None) -> None:
    text = expand(template, labels={"model": label}, value=value, figures={"a": 1.0}, links={})
    assert len(text) <= MOST_EXPANDED_CHARS
    try:
        check_template(template)
    except InvalidRequestError:
        assert "{" not in template or text.startswith("<error expanding template: ")


@given(st.integers(0, 366 * 86_400_000))
def test_a_duration_survives_being_shown(duration_ms: int) -> None:
    assert read_duration_s(render_duration(duration_ms / 1_000)) * 1_000 == duration_ms or duration_ms % 1_000
