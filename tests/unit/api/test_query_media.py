"""Which form of an answer an ``Accept`` header asks for."""

import pytest
from watchkeeper_collector.api.query import wanted_media

PARQUET = "application/vnd.apache.parquet"
ARROW = "application/vnd.apache.arrow.stream"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", None),
        ("*/*", None),
        ("application/json", None),
        ("text/html, application/xhtml+xml, */*;q=0.8", None),
        ("text/csv", "text/csv"),
        ("TEXT/CSV; charset=utf-8", "text/csv"),
        (PARQUET, PARQUET),
        (ARROW, ARROW),
        ("text/csv;q=0.5, application/json", None),
        ("application/json;q=0.5, text/csv", "text/csv"),
        (f"text/csv;q=0.1, {PARQUET};q=0.2", PARQUET),
        ("text/csv;q=0, */*", None),
        ("application/xml", None),
        (";;,,q=;text/csv;q=9", None),
    ],
)
def test_the_form_liked_best_is_answered_and_json_else(accept: str, media: str | None) -> None:
    assert wanted_media(accept) == media
