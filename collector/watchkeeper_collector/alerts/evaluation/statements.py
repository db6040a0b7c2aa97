"""Rules in SQL: each row of the answer is a series, text columns are its labels, ``value`` is compared."""

from collections.abc import Callable, Sequence
from typing import Any

from watchkeeper_collector.alerts.evaluation.asking import LABEL_CHARS, MOST_SERIES
from watchkeeper_collector.alerts.evaluation.levels import level_of
from watchkeeper_collector.alerts.evaluation.moment import Moment
from watchkeeper_collector.alerts.evaluation.sample import Sample
from watchkeeper_collector.alerts.rules.condition import Sql
from watchkeeper_collector.alerts.rules.series import RESERVED_LABELS, label_of
from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.sql.running import run_sql

VALUE = "value"
NOW = "{now}"
"""Stands for the time of the evaluation, less the offset, in a rule's SQL."""


def judge(moment: Moment, condition: Sql, source_of: Callable[[str], Source]) -> list[Sample]:
    """In each project by itself: a row never tells of another's spans."""
    now = f"fromUnixTimestamp64Nano({moment.end_ns})"
    text = condition.query.replace(NOW, now)
    samples: list[Sample] = []
    for project in moment.projects:
        answer = run_sql(source_of(project), project, text)
        if len(answer.rows) > MOST_SERIES:
            raise InvalidQueryError(f"The SQL gives more than {MOST_SERIES:,} series.")
        samples += [_sample(project, answer.columns, row, condition) for row in answer.rows]
    return samples


def _sample(project: str, columns: Sequence[str], row: Sequence[Any], condition: Sql) -> Sample:
    if VALUE not in columns:
        raise InvalidQueryError(f"The SQL has no column '{VALUE}'. It has: {', '.join(columns)[:200]}.")
    named = dict(zip(columns, row, strict=True))
    value = named.pop(VALUE)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InvalidQueryError(f"The column '{VALUE}' holds '{str(value)[:60]}'. Expected a number.")
    labels = {label_of(name): text[:LABEL_CHARS] for name, text in named.items() if isinstance(text, str)}
    own = {name: text for name, text in labels.items() if name not in RESERVED_LABELS}
    numbers = {name: float(one) for name, one in named.items() if isinstance(one, int | float)}
    figures = {"threshold": condition.bound.value, "sign": condition.bound.sign, **numbers}
    return Sample({"project": project, **own}, level_of(value, condition.bound), value, figures)
