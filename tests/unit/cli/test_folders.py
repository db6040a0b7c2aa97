"""Where a collector keeps its data, whatever becomes of the process's current folder."""

from pathlib import Path

import pytest
from watchkeeper_collector.settings import load_settings


def test_data_folder_is_the_one_of_the_start_though_the_current_folder_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading the embedded engine changes it for a moment, in a thread beside the others."""
    monkeypatch.delenv("WATCHKEEPER_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    default, given = load_settings(), load_settings(data_dir=Path("here"))
    monkeypatch.chdir("/")
    assert default.spool_dir == tmp_path / "watchkeeper-data" / "spool"
    assert given.store_dsn == f"chdb://{tmp_path / 'here' / 'clickhouse'}"
    assert given.state_url == f"sqlite:///{tmp_path / 'here' / 'state.db'}"
