"""From the document of a group to its rules: what the group says goes for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchkeeper_collector.alerts.documents import Path
from watchkeeper_collector.alerts.rules.conditions import read_condition
from watchkeeper_collector.alerts.rules.document import GroupDocument, RuleDocument
from watchkeeper_collector.alerts.rules.reading import Note, Reading
from watchkeeper_collector.alerts.rules.rule import Origin, Rule
from watchkeeper_collector.alerts.rules.series import check_label_name
from watchkeeper_collector.alerts.rules.templates import check_template

SHORTEST_INTERVAL_S = 1.0


@dataclass(frozen=True, slots=True)
class Home:
    """Where a rule comes from, and what it has from there."""

    uid: str
    source: Origin
    project: str = ""
    is_paused: bool = False


def build_group(
    document: GroupDocument, rules: Sequence[RuleDocument | None], path: Path, note: Note
) -> list[Rule]:
    """The rules of a file's group; those that something is wrong with, which is noted, are left out."""
    found, names = [], set[str]()
    for place, rule in enumerate(rules):
        if rule is None:
            continue
        where = (*path, "rules", place)
        if rule.alert in names:
            note((*where, "alert"), f"The group has a rule '{rule.alert[:60]}' already.")
        names.add(rule.alert)
        home = Home(
            f"file/{_escaped(document.name)}/{_escaped(rule.alert)}", "file", document.project, rule.paused
        )
        found.append(build_rule(rule, document, where, note, home))
    check_group(document, path, note)
    return [rule for rule in found if rule is not None]


def build_rule(
    document: RuleDocument, group: GroupDocument, path: Path, note: Note, home: Home
) -> Rule | None:
    """``None`` where something is wrong, which is noted then."""
    reading = Reading(document, path, note)
    for_s = reading.duration_s(document.for_, "for")
    keep_s = reading.duration_s(document.keep_firing_for, "keep_firing_for")
    _check_texts(reading, document.labels, "labels")
    _check_texts(reading, document.annotations, "annotations")
    if not document.alert.isprintable():
        reading.fault("The name of an alert is one line of printable characters.", "alert")
    condition = read_condition(reading)
    if condition is None or not reading.is_sound:
        return None
    ignored = Reading(document, path, _forget)
    return Rule(
        uid=home.uid,
        alert=document.alert,
        group=group.name,
        project=home.project,
        source=home.source,
        interval_s=max(SHORTEST_INTERVAL_S, ignored.duration_s(group.interval)),
        offset_s=ignored.duration_s(group.query_offset),
        for_s=for_s,
        keep_firing_for_s=keep_s,
        limit=group.limit if document.limit is None else document.limit,
        no_data=document.no_data,
        labels={**group.labels, **document.labels},
        annotations=document.annotations,
        condition=condition,
        is_paused=home.is_paused,
    )


def check_group(document: GroupDocument, path: Path, note: Note) -> None:
    """Note what is wrong with what a group says for all of its rules."""
    reading = Reading(RuleDocument(alert="-"), path, note)
    reading.duration_s(document.interval, "interval", shortest_s=SHORTEST_INTERVAL_S)
    reading.duration_s(document.query_offset, "query_offset")
    _check_texts(reading, document.labels, "labels")


def _check_texts(reading: Reading, texts: Mapping[str, str], field: str) -> None:
    for name, template in texts.items():
        reading.attempt(lambda name=name: check_label_name(name), None, field, name)  # type: ignore[misc]
        reading.attempt(lambda text=template: check_template(text), None, field, name)  # type: ignore[misc]


def _forget(path: Path, message: str, *, is_name: bool = False, column: int = 1) -> None:
    """For what was noted before."""


def _escaped(name: str) -> str:
    """The name without the sign that separates names."""
    return name.replace("%", "%25").replace("/", "%2F")
