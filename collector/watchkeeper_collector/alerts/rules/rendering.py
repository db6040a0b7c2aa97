"""A rule as JSON: what it watches and how, in the words of its document."""

from dataclasses import asdict
from typing import Any

from watchkeeper_collector.alerts.rules.durations import render_duration
from watchkeeper_collector.alerts.rules.rule import Rule


def render_rule(rule: Rule) -> dict[str, Any]:
    """``condition`` has the fields of its kind, durations in seconds and shares as ratios."""
    return {
        "id": rule.uid,
        "alert": rule.alert,
        "group": rule.group,
        "project": rule.project,
        "kind": rule.kind,
        "source": rule.source,
        "interval": render_duration(rule.interval_s),
        "query_offset": render_duration(rule.offset_s),
        "for": render_duration(rule.for_s),
        "keep_firing_for": render_duration(rule.keep_firing_for_s),
        "limit": rule.limit,
        "no_data": rule.no_data,
        "is_paused": rule.is_paused,
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
        "condition": asdict(rule.condition),
    }
