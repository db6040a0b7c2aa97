"""A connection that ends with the time that an evaluation may take: no rule holds up the others for long."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from watchkeeper_collector.errors import QueryLimitError
from watchkeeper_collector.query.connection import Answer, Connection


class DeadlineConnection:
    """Queries share the seconds that are left, and are refused once there are none."""

    def __init__(
        self, connection: Connection, timeout_s: float, *, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._connection = connection
        self._timeout_s = timeout_s
        self._clock_s = clock_s
        self._ends_at_s = clock_s() + timeout_s

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> Answer:
        return self._connection.query(sql, parameters, settings=self._limited(settings))

    def raw_query(
        self,
        sql: str,
        fmt: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> bytes:
        return self._connection.raw_query(sql, fmt, parameters, settings=self._limited(settings))

    def _limited(self, settings: Mapping[str, Any] | None) -> dict[str, Any]:
        left_s = self._ends_at_s - self._clock_s()
        if left_s <= 0:
            raise QueryLimitError(
                f"The evaluation of the rule's group took longer than {self._timeout_s:g} s. Give it fewer"
                " rules, shorter windows or a longer interval, or raise `query_timeout_s`."
            )
        given = dict(settings or {})
        return given | {"max_execution_time": min(left_s, given.get("max_execution_time") or left_s)}
