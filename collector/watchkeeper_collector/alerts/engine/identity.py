"""Which alert it is: its labels, and a hash that stays the same as long as they do."""

import json
from collections.abc import Mapping
from hashlib import blake2b

from watchkeeper_collector.alerts.rules.rule import Rule

ALERT_NAME = "alertname"
TEMPLATE_MARKS = ("{{", "{%")


def build_fingerprint(rule_uid: str, labels: Mapping[str, str]) -> str:
    """Of a rule's alert: two rules never share one, even if their labels are equal."""
    return _hash([rule_uid, sorted(labels.items())])


def build_definition(rule: Rule) -> str:
    """Of what the rule says about the labels of its alerts."""
    return _hash([rule.alert, sorted(rule.labels.items())])


def present(labels: Mapping[str, str]) -> dict[str, str]:
    """Without empty labels: an empty one and none are the same, as in Prometheus."""
    return {name: value for name, value in labels.items() if value != ""}


def fixed(texts: Mapping[str, str]) -> dict[str, str]:
    """Those that are no templates."""
    return {name: text for name, text in texts.items() if not any(mark in text for mark in TEMPLATE_MARKS)}


def _hash(facts: object) -> str:
    return blake2b(json.dumps(facts).encode(), digest_size=8).hexdigest()
