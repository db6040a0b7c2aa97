"""What is said of an instance to those who notify."""

from datetime import datetime, timedelta

from watchkeeper_collector.state.alert_records import Instance, Notice

__all__ = ["Notice", "build_notice"]


def build_notice(instance: Instance, at: datetime, validity: timedelta) -> Notice:
    """Of an instance that fires, or resolved. ``validity``: how long one that fires is to be believed."""
    return Notice(
        fingerprint=instance.fingerprint,
        episode=instance.episode,
        rule_uid=instance.rule_uid,
        project=instance.project,
        status="firing" if instance.resolved_at is None else "resolved",
        labels=instance.labels,
        annotations=instance.annotations,
        starts_at=instance.fired_at or instance.active_at,
        ends_at=instance.resolved_at or at + validity,
        value=instance.value,
        figures=instance.figures,
        links=instance.links,
        at=at,
        reason=instance.reason,
    )
