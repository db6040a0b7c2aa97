"""Whatever settings are given, they are read."""

from dataclasses import fields
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper import SettingError, Settings
from watchkeeper.settings import CHOICES, read_settings, read_usable_settings

NAMES = [setting.name for setting in fields(Settings)]
anything: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.builds(object),
    st.lists(st.text()), st.dictionaries(st.text(), st.text()), st.sampled_from(sum(CHOICES.values(), ())),
)  # fmt: skip
arguments = st.dictionaries(st.sampled_from([*NAMES, "capure", "nobodys"]), anything)
environ = st.dictionaries(
    st.sampled_from([f"WATCHKEEPER_{name.upper()}" for name in NAMES] + ["OTEL_EXPORTER_OTLP_ENDPOINT"]),
    st.text(),
)


@settings(max_examples=60, deadline=None)
@given(arguments, environ)
def test_any_settings_are_read_and_what_is_wrong_is_told(given: Any, environ: Any) -> None:
    read, wrong = read_usable_settings(given, environ)
    assert isinstance(read, Settings)
    assert read.queue_bytes > 0
    assert read.export_interval_s > 0
    assert 0 <= read.sample_ratio <= 1
    assert bool(wrong) == is_refused(given, environ)


def is_refused(given: Any, environ: Any) -> bool:
    """By the strict way to read them."""
    try:
        read_settings(given, environ)
    except SettingError:
        return True
    return False


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["capture", "sample_ratio"]), st.text(min_size=1))
def test_a_wrong_word_about_content_lets_none_leave(name: str, value: str) -> None:
    read, wrong = read_usable_settings({"capture": "all", name: value}, {})
    assert read.capture == ("none" if wrong else value)
