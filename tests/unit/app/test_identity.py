"""A collector's name stays with its data folder."""

from pathlib import Path

import pytest
from watchkeeper_collector.app.identity import load_identity
from watchkeeper_collector.errors import ConfigurationError


def test_a_collector_keeps_its_name_and_no_other_folder_has_it(tmp_path: Path) -> None:
    first = load_identity(tmp_path / "one" / "data")
    assert load_identity(tmp_path / "one" / "data") == first
    assert load_identity(tmp_path / "two") != first


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"The file '.*collector-id' can't be written: "):
        load_identity(tmp_path / "file" / "data")
