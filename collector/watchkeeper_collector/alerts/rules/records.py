"""Rules that people made through the API: documents as in a rule file, each by itself and of one project."""

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Protocol

from pydantic import Field

from watchkeeper_collector.alerts.documents import Document, Fault, Faults, read_part
from watchkeeper_collector.alerts.rules.building import Home, build_rule, check_group
from watchkeeper_collector.alerts.rules.document import Duration, GroupDocument, RuleDocument
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.errors import InvalidRequestError

GROUP = "api"


class SingleRuleDocument(RuleDocument):
    """A rule with what a file's group says for it."""

    interval: Duration = "1m"
    query_offset: Annotated[Duration, Field(description="Look so far into the past, for late spans.")] = "30s"


class Record(Protocol):
    """A rule as it is kept: ``watchkeeper_collector.state.rules.StoredRule`` is one."""

    @property
    def id(self) -> str: ...

    @property
    def project(self) -> str: ...

    @property
    def document(self) -> str: ...

    @property
    def is_paused(self) -> int: ...


def read_record(record: Record) -> Rule:
    """Raises ``InvalidRequestError`` for one that this version does not understand."""
    return read_single_rule(
        json.loads(record.document), Home(record.id, "api", record.project, bool(record.is_paused))
    )


def read_records(records: Iterable[Record]) -> tuple[list[Rule], list[str]]:
    """The rules, and what is wrong with those that can't be read."""
    rules, problems = [], []
    for record in records:
        try:
            rules.append(read_record(record))
        except InvalidRequestError as error:
            problems.append(f"The alert rule '{record.id}' is left out: {error.message}")
    return rules, problems


def read_single_rule(content: Mapping[str, Any], home: Home) -> Rule:
    """Raises ``InvalidRequestError`` with all that is wrong: ``details.faults`` has each with its field."""
    _check_unicode(content)
    faults = _NamedFaults()
    document = read_part(dict(content), (), SingleRuleDocument, faults)
    if document is not None:
        group = GroupDocument(name=GROUP, interval=document.interval, query_offset=document.query_offset)
        check_group(group, (), faults.note)
        rule = build_rule(document, group, (), faults.note, home)
        if rule is not None and not faults.found:
            return rule
    told = [{"field": fault.file, "column": fault.column, "message": fault.message} for fault in faults.found]
    lines = [f"{fault.file}: {fault.message}" if fault.file else fault.message for fault in faults.found]
    text = "; ".join(lines)
    raise InvalidRequestError(f"This is no alert rule. {text}"[:4000], details={"faults": told})


def _check_unicode(content: Mapping[str, Any]) -> None:
    """JSON can hold halves of surrogate pairs, which nothing else can."""
    try:
        json.dumps(content, ensure_ascii=False, default=str).encode()
    except (UnicodeEncodeError, RecursionError):
        raise InvalidRequestError("An alert rule is Unicode text, and not nested so deep.") from None


class _NamedFaults(Faults):
    """Says the field instead of the line."""

    def __init__(self) -> None:
        super().__init__(Document("", None))

    def note(
        self, path: tuple[str | int, ...], message: str, *, is_name: bool = False, column: int = 1
    ) -> None:
        del is_name
        self.found.append(Fault(".".join(map(str, path)), 1, column, message))

    def existing(self, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
        return path
