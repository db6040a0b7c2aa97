"""Drift: what changed, when, in which slice, how sure, and why."""

from watchkeeper_dashboard.drifting.baselines import show_baselines
from watchkeeper_dashboard.drifting.changes import show_changes
from watchkeeper_dashboard.drifting.checking import show_check
from watchkeeper_dashboard.drifting.consistency import show_consistency
from watchkeeper_dashboard.drifting.events import show_events
from watchkeeper_dashboard.frame import show_page, show_parts

PARTS = {
    "changes": show_changes,
    "providers": show_events,
    "consistency": show_consistency,
    "baselines": show_baselines,
    "check": show_check,
}

show_page(show_parts(PARTS))
