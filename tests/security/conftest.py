"""One collector for the whole folder."""

from collections.abc import Iterator

import pytest

from tests.collector import CollectorProcess
from tests.security.target import SETTINGS, Target, open_target


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with CollectorProcess(tmp_path_factory.mktemp("target") / "data", **SETTINGS) as collector:
        yield open_target(collector)
