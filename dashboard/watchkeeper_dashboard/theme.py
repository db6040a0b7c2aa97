"""How the dashboard looks: colours, type and space, in one place.

The colours of series are told apart with any kind of colour vision and on both backgrounds. They start from
Okabe and Ito's set (https://jfly.uni-koeln.de/color/), whose black and yellow gave way to colours that stand
out from white and from near-black alike.
"""

import hashlib
from collections.abc import Iterable, MutableMapping
from importlib.resources import files
from typing import Any

SERIES = (
    "#3B82C4",  # blue
    "#E08A1E",  # orange
    "#1F9E78",  # green
    "#C873A4",  # pink
    "#56B4E9",  # sky
    "#D55E00",  # vermilion
    "#8C6BD1",  # violet
    "#A79A1E",  # olive
    "#A3436B",  # wine
    "#3AA8A0",  # teal
)
OTHER = "#97A1AF"
GOOD, BAD, WARNING, ACCENT = "#1F9E78", "#D1495B", "#E08A1E", "#4C6FE7"
SEQUENTIAL = ("#E8EEFB", "#B9CBF3", "#86A3EA", "#5B7FDF", "#3D5CC4", "#2B429A", "#1C2C6B")
SEQUENTIAL_DARK = ("#161B29", "#1F2F5C", "#2B4590", "#3D62C4", "#5F86E6", "#93B1F5", "#D3E0FF")
KINDS = {
    "llm": "#4C6FE7",
    "embedding": "#3AA8A0",
    "reranker": "#A79A1E",
    "tool": "#E08A1E",
    "agent": "#8C6BD1",
    "chain": "#97A1AF",
    "retriever": "#1F9E78",
    "guardrail": "#C873A4",
    "evaluator": "#A3436B",
}
"""Colours of spans by their kind."""

FONT = "Inter, 'Segoe UI', system-ui, -apple-system, 'Helvetica Neue', 'DejaVu Sans', sans-serif"
CODE_FONT = "'JetBrains Mono', 'Cascadia Mono', ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
SHARED = {
    "primaryColor": ACCENT,
    "baseRadius": "8px",
    "font": FONT,
    "codeFont": CODE_FONT,
    "codeFontSize": "13px",
    "headingFontSizes": ["1.5rem", "1.15rem", "1rem", "0.95rem", "0.9rem", "0.85rem"],
    "headingFontWeights": [650, 600, 600, 600, 600, 600],
    "showWidgetBorder": True,
    "chartCategoricalColors": list(SERIES),
    "linkUnderline": False,
    "redColor": BAD,
    "greenColor": GOOD,
    "orangeColor": WARNING,
    "blueColor": ACCENT,
}
LIGHT = {
    "backgroundColor": "#FFFFFF",
    "secondaryBackgroundColor": "#F5F6F9",
    "textColor": "#1B2130",
    "borderColor": "#E2E5EC",
    "dataframeBorderColor": "#E8EAF0",
    "dataframeHeaderBackgroundColor": "#F5F6F9",
    "codeBackgroundColor": "#F5F6F9",
    "chartSequentialColors": [*SEQUENTIAL, "#121D4A", "#0C1435", "#080D24"],
}
DARK = {
    "backgroundColor": "#10131B",
    "secondaryBackgroundColor": "#191D28",
    "textColor": "#E4E7EE",
    "borderColor": "#2A3040",
    "dataframeBorderColor": "#252B39",
    "dataframeHeaderBackgroundColor": "#191D28",
    "codeBackgroundColor": "#191D28",
    "chartSequentialColors": [*SEQUENTIAL_DARK, "#E3EBFF", "#EEF3FF", "#F8FAFF"],
}
SIDEBARS = {"light": {"backgroundColor": "#F5F6F9"}, "dark": {"backgroundColor": "#151923"}}


def theme_options() -> dict[str, Any]:
    """Streamlit's options for both themes; a viewer's browser chooses between them."""
    options: dict[str, Any] = {"theme.metricValueFontSize": "1.55rem", "theme.metricValueFontWeight": 600}
    for name, own in (("light", LIGHT), ("dark", DARK)):
        options |= {f"theme.{name}.{key}": value for key, value in {**SHARED, **own}.items()}
        options |= {f"theme.{name}.sidebar.{key}": value for key, value in SIDEBARS[name].items()}
    return options


def load_style() -> str:
    """The style sheet for what Streamlit has no option for."""
    return files(__package__).joinpath("style.css").read_text("utf-8")


def preferred_colour(name: str) -> int:
    """The place in :data:`SERIES` that a name would have if it were alone: the same everywhere, always."""
    digest = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=4).digest()
    return int.from_bytes(digest, "big") % len(SERIES)


class Palette:
    """Colours of names. A name keeps its colour; while colours last, no two names share one.

    ``taken`` holds what was given so far, by name, and outlives the palette: one viewer's visit.
    """

    def __init__(self, taken: MutableMapping[str, int] | None = None) -> None:
        self._taken = {} if taken is None else taken

    def colour(self, name: str) -> str:
        if not name:
            return OTHER
        if name not in self._taken:
            self._taken[name] = self._free_place(preferred_colour(name))
        return SERIES[self._taken[name]]

    def colours(self, names: Iterable[str]) -> dict[str, str]:
        return {name: self.colour(name) for name in names}

    def _free_place(self, preferred: int) -> int:
        used = set(self._taken.values())
        places = [(preferred + step) % len(SERIES) for step in range(len(SERIES))]
        return next((place for place in places if place not in used), preferred)
