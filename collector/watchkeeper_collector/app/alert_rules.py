"""The alert rules of projects, as the API shows and changes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchkeeper_collector.alerts.evaluation.evaluating import Providers, SourceOf
from watchkeeper_collector.alerts.preview import Preview, preview
from watchkeeper_collector.alerts.rules.book import RuleBook
from watchkeeper_collector.alerts.rules.building import Home
from watchkeeper_collector.alerts.rules.records import read_record, read_single_rule
from watchkeeper_collector.alerts.rules.rendering import render_rule
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.errors import ConflictError, NotFoundError
from watchkeeper_collector.state.keys import Principal
from watchkeeper_collector.state.rules import Rules, StoredRule

UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class AlertRules:
    """``watchkeeper_collector.api.alert_rules.Rules`` of one collector. ``providers`` are a preview's."""

    book: RuleBook
    stored: Rules
    source_of: SourceOf
    providers: Providers

    def all(self, project: str) -> list[Mapping[str, Any]]:
        return [self._shown(rule, stored) for rule, stored in self._visible(project)]

    def get(self, project: str, rule_id: str) -> Mapping[str, Any]:
        return self._shown(*self._find(project, rule_id))

    def create(self, caller: Principal, document: Mapping[str, Any]) -> Mapping[str, Any]:
        rule = self._read(caller, document, UNKNOWN)
        self.stored.check_room(caller.project)
        made = self.stored.add(caller.project, caller.key_id, _values(rule, document))
        return self._shown(read_record(made), made)

    def replace(self, caller: Principal, rule_id: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
        self._check_own(caller.project, rule_id)
        rule = self._read(caller, document, rule_id)
        changed = self.stored.replace(caller.project, rule_id, _values(rule, document))
        return self._shown(read_record(changed), changed)

    def pause(self, project: str, rule_id: str, *, is_paused: bool) -> Mapping[str, Any]:
        self._check_own(project, rule_id)
        changed = self.stored.replace(project, rule_id, {"is_paused": int(is_paused)})
        return self._shown(read_record(changed), changed)

    def remove(self, project: str, rule_id: str) -> None:
        self._check_own(project, rule_id)
        self.stored.remove(project, rule_id)

    def preview(
        self, caller: Principal, rule: Mapping[str, Any] | str, window: tuple[datetime, datetime]
    ) -> Preview:
        if isinstance(rule, str):
            found, _ = self._find(caller.project, rule)
        else:
            found = self._read(caller, rule, "preview")
        return preview(found, window, self.source_of, [caller.project], self.providers)

    def _visible(self, project: str) -> list[tuple[Rule, StoredRule | None]]:
        """Those of files that are about the project, then its own."""
        from_files = [rule for rule in self.book.rules() if rule.source == "file"]
        records = [record for record in self.stored.all() if record.project == project]
        return [
            *((rule, None) for rule in from_files if rule.project in ("", project)),
            *((read_record(record), record) for record in records),
        ]

    def _find(self, project: str, rule_id: str) -> tuple[Rule, StoredRule | None]:
        for rule, stored in self._visible(project):
            if rule.uid == rule_id:
                return rule, stored
        raise NotFoundError(f"There is no alert rule '{rule_id[:200]}' in this project.")

    def _check_own(self, project: str, rule_id: str) -> None:
        rule, _ = self._find(project, rule_id)
        if rule.source == "file":
            raise ConflictError(
                f"The alert rule '{rule.alert}' is of a rule file, and is changed there: group"
                f" '{rule.group}'. The collector takes the file up within seconds."
            )

    def _read(self, caller: Principal, document: Mapping[str, Any], rule_id: str) -> Rule:
        if "sql" in document:
            caller.check_scope("admin")
        return read_single_rule(document, Home(rule_id, "api", caller.project))

    def _shown(self, rule: Rule, stored: StoredRule | None) -> Mapping[str, Any]:
        facts = render_rule(rule)
        if stored is None:
            return facts
        return {
            **facts,
            "document": json.loads(stored.document),
            "created_at": stored.created_at,
            "updated_at": stored.updated_at,
            "created_by": stored.created_by,
        }


def _values(rule: Rule, document: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in document.items() if name != "paused"}
    is_paused = int(document.get("paused") is True)
    return {"name": rule.alert, "document": json.dumps(kept), "is_paused": is_paused}
