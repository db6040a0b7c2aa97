"""Alerts: what fires, what fired, which rules there are, who is told."""

from watchkeeper_dashboard.alerting.firing import show_firing
from watchkeeper_dashboard.alerting.past import show_past
from watchkeeper_dashboard.alerting.receivers import show_receivers
from watchkeeper_dashboard.alerting.rules import show_rules
from watchkeeper_dashboard.alerting.silences import show_silences
from watchkeeper_dashboard.frame import show_page, show_parts

PARTS = {
    "firing": show_firing,
    "history": show_past,
    "rules": show_rules,
    "silences": show_silences,
    "receivers": show_receivers,
}

show_page(show_parts(PARTS))
