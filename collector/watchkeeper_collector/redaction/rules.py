"""A policy's rules by name of an attribute, or of a member of one that holds JSON."""

from typing import Any, Literal

import re2
from watchkeeper.redaction import Mode

from watchkeeper_collector.redaction.policy import ProjectPolicy
from watchkeeper_collector.redaction.structure import user_names

Treatment = tuple[Literal["rule", "structure", "content"], str, Mode]
"""How values of a name are treated; with the label of a rule, and its mode."""


class Rules:
    """The rules by attribute, the policy's own before that of users."""

    def __init__(self, policy: ProjectPolicy) -> None:
        given = [(rule.name, "attribute", rule.mode) for rule in policy.attributes]
        if policy.users != "off":
            given += [(name, "user", policy.users) for name in user_names()]
        self._names = [(_pattern(name), label, mode) for name, label, mode in given]
        self._members: dict[str, list[tuple[str, str, Mode]]] = {}
        for name, label, mode in given:
            document, slash, member = name.partition("/")
            if slash:
                self._members.setdefault(document, []).append((member, label, mode))

    def find(self, name: str) -> Treatment | None:
        for pattern, label, mode in self._names:
            if pattern.fullmatch(name):
                return "rule", label, mode
        return None

    def members(self, name: str) -> list[tuple[str, str, Mode]]:
        return self._members.get(name, [])


def _pattern(name: str) -> Any:
    """A name with stars, matched in time linear in what it is held against."""
    return re2.compile("(?s)" + ".*".join(map(re2.escape, name.split("*"))))
