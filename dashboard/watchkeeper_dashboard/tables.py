"""Tables whose rows open a page. Text cells are drawn on a canvas: nothing in them is markup."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from watchkeeper_dashboard import plain, units
from watchkeeper_dashboard.visit import Visit

Row = Mapping[str, Any]
Look = Literal[
    "text", "time", "ago", "usd", "count", "number", "seconds", "ratio", "trend", "share", "bool", "list"
]
CELL_CHARS = 300
HEADER_PX, ROW_PX, MOST_HEIGHT_PX = 37, 35, 720


@dataclass(frozen=True, slots=True)
class Column:
    """``read`` takes the value from a row, or is the name of its field. ``tip`` defines what is shown."""

    title: str
    read: str | Callable[[Row], Any]
    look: Look = "text"
    tip: str = ""
    width: Literal["small", "medium", "large"] | int | None = None

    def value(self, row: Row) -> Any:
        return row.get(self.read) if isinstance(self.read, str) else self.read(row)


def show_table(
    visit: Visit,
    rows: Sequence[Row],
    columns: Sequence[Column],
    key: str,
    open_row: Callable[[Row], None] | None = None,
) -> None:
    """Rows under each other; a click on a cell opens its row."""
    data = {column.title: [_cell(column, row, visit) for row in rows] for column in columns}
    config = {column.title: _config(column, rows) for column in columns}
    height = min(HEADER_PX + ROW_PX * max(len(rows), 1) + 3, MOST_HEIGHT_PX)
    if open_row is None:
        st.dataframe(
            data, column_config=config, hide_index=True, height=height, key=key, placeholder=units.NOTHING
        )
        return
    event = st.dataframe(
        data,
        column_config=config,
        hide_index=True,
        height=height,
        key=key,
        placeholder=units.NOTHING,
        on_select="rerun",
        selection_mode="single-cell",
    )
    cells = event["selection"]["cells"]
    if cells and cells[0][0] < len(rows):
        open_row(rows[cells[0][0]])


def _cell(column: Column, row: Row, visit: Visit) -> Any:
    value = column.value(row)
    if column.look == "time":
        return units.read_time(value).astimezone(visit.zone).replace(tzinfo=None) if value else None
    return CELLS[column.look](value) if column.look in CELLS else value


def _config(column: Column, rows: Sequence[Row]) -> Any:
    shared: dict[str, Any] = {"help": column.tip or None, "width": column.width}
    if column.look == "usd":
        greatest = max((abs(column.value(row) or 0) for row in rows), default=0)
        return st.column_config.NumberColumn(column.title, format=_usd_format(greatest), **shared)
    kind, options = CONFIGS.get(column.look, (st.column_config.TextColumn, {}))
    return kind(column.title, **options, **shared)


def _times(factor: float) -> Callable[[float | None], float | None]:
    return lambda value: None if value is None else value * factor


def _usd_format(greatest: float) -> str:
    """As many digits for a whole column as its numbers need to be told apart."""
    digits = 2 if greatest >= 100 else 4 if greatest >= 0.1 else 6
    return f"$%.{digits}f"


CELLS: Mapping[Look, Callable[[Any], Any]] = {
    "text": lambda value: plain.short(value, CELL_CHARS),
    "list": lambda value: plain.short(", ".join(value or ()), CELL_CHARS),
    "ago": units.ago,
    "seconds": _times(1 / 1000),
    "ratio": _times(100),
    "share": _times(100),
}
CONFIGS: Mapping[Look, tuple[Callable[..., Any], dict[str, Any]]] = {
    "time": (st.column_config.DatetimeColumn, {"format": "MMM D, HH:mm:ss"}),
    "count": (st.column_config.NumberColumn, {"format": "localized"}),
    "number": (st.column_config.NumberColumn, {"format": "%.1f"}),
    "seconds": (st.column_config.NumberColumn, {"format": "%.2f s"}),
    "ratio": (st.column_config.NumberColumn, {"format": "%.1f %%"}),
    "share": (st.column_config.ProgressColumn, {"format": "%.0f %%", "min_value": 0, "max_value": 100}),
    "trend": (st.column_config.BarChartColumn, {"y_min": 0}),
    "bool": (st.column_config.CheckboxColumn, {}),
}
