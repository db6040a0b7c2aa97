"""The history of alerts, from ClickHouse and, for what is not there, from the state store."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper_collector.api.alert_models import AlertEvent, Episode
from watchkeeper_collector.api.paging import Page
from watchkeeper_collector.errors import StoreUnavailableError
from watchkeeper_collector.query import alert_history
from watchkeeper_collector.query.alert_history import Place, Wanted
from watchkeeper_collector.query.cursor import read_cursor, render_cursor
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.state.alerts import Alerts

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)
MOST_KEPT = 10_000
EPISODE_FIELDS = [name for name in Episode.model_fields if name != "ended_at"]

Row = dict[str, Any]


def list_events(
    source: Source, alerts: Alerts, wanted: Wanted, *, limit: int, cursor: str
) -> Page[AlertEvent]:
    """Changes of states, the newest first."""
    place = read_cursor(cursor, (int, int))
    after = (int(place[0]), int(place[1])) if place else None
    try:
        found = alert_history.list_events(source, wanted, limit=limit + 1, after=after)
        kept = alerts.unwritten_events(MOST_KEPT)
    except StoreUnavailableError:
        found = []
        kept = alerts.events(wanted.projects, wanted.start, _until(wanted, after), limit=MOST_KEPT)
    rows = {row["id"]: row for row in (*map(asdict, kept), *found) if _is_wanted(row, wanted, after)}
    ordered = sorted(rows.values(), key=_place, reverse=True)
    next_cursor = render_cursor(_place(ordered[limit - 1])) if len(ordered) > limit else None
    return Page(items=[AlertEvent(**row) for row in ordered[:limit]], next_cursor=next_cursor)


def list_episodes(source: Source, alerts: Alerts, wanted: Wanted, *, limit: int) -> list[Episode]:
    """Episodes that overlap the window, the newest first."""
    try:
        found = alert_history.list_episodes(source, wanted, limit=limit)
        kept = alerts.unwritten_events(MOST_KEPT)
    except StoreUnavailableError:
        found = []
        kept = alerts.events(wanted.projects, EPOCH, END_OF_TIME, limit=MOST_KEPT)
    episodes = {row["episode"]: row for row in found}
    for event in sorted(kept, key=lambda event: event.id):
        _add(episodes, asdict(event), wanted)
    overlapping = [row for row in episodes.values() if _overlaps(row, wanted)]
    ordered = sorted(overlapping, key=lambda row: (row["started_at"], row["episode"]), reverse=True)
    return [Episode(**row) for row in ordered[:limit]]


def _until(wanted: Wanted, after: Place | None) -> datetime:
    """Nothing later is on the page."""
    if after is None:
        return wanted.end
    first_ms, last_ms = ((time - EPOCH) // MILLISECOND for time in (wanted.start, wanted.end))
    return EPOCH + max(first_ms, min(last_ms, after[0] + 1)) * MILLISECOND


def _add(episodes: dict[str, Row], event: Row, wanted: Wanted) -> None:
    """What an event adds to the episodes that are known; events come in the order of their time."""
    if not event["episode"] or not wanted.keeps(event):
        return
    row = episodes.setdefault(event["episode"], {name: event[name] for name in EPISODE_FIELDS})
    row.setdefault("ended_at", None)
    if event["is_resolved"]:
        row["ended_at"], row["reason"] = event["at"], event["reason"]


def _is_wanted(row: Mapping[str, Any], wanted: Wanted, after: Place | None) -> bool:
    is_within = wanted.start <= row["at"] < wanted.end
    return is_within and wanted.keeps(row) and (after is None or _place(row) < after)


def _overlaps(row: Mapping[str, Any], wanted: Wanted) -> bool:
    return bool(
        row["started_at"] < wanted.end and (row["ended_at"] is None or row["ended_at"] >= wanted.start)
    )


def _place(row: Mapping[str, Any]) -> Place:
    return ((row["at"] - EPOCH) // MILLISECOND, int(row["id"]))
