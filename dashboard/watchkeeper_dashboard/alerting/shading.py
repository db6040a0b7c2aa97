"""Charts that show when an alert fired on what they draw."""

from typing import Any

import plotly.graph_objects as go

from watchkeeper_dashboard.charts.episodes import shade
from watchkeeper_dashboard.client import Answers, Question
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

MOST_EPISODES = 200


def episodes_question(view: View) -> Question:
    """To be asked as ``episodes`` beside what a page asks."""
    return Question("/alerts/episodes", {**view.window(), "limit": MOST_EPISODES})


def with_alerts(figure: go.Figure, visit: Visit, view: View, answers: Answers, *measures: str) -> go.Figure:
    """The figure with the episodes of alerts on these measures; a name that ends in ``_`` begins one.

    Without an answer about episodes the figure is as it was.
    """
    found: Any = answers.get("episodes") or {}
    about = [one for one in found.get("items", ()) if _is_about(one["measure"], measures)]
    return shade(figure, about, view.start, view.end, visit.zone)


def _is_about(measure: str, wanted: tuple[str, ...]) -> bool:
    return any(measure == name or (name.endswith("_") and measure.startswith(name)) for name in wanted)
