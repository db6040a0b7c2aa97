"""Rule files: read from text, checked as a whole, all their faults at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from watchkeeper_collector.alerts.documents import Fault, Faults, read_document, read_part
from watchkeeper_collector.alerts.documents import Path as Place
from watchkeeper_collector.alerts.rules.building import build_group
from watchkeeper_collector.alerts.rules.conditions import READERS
from watchkeeper_collector.alerts.rules.document import MOST_RULES, FileDocument, GroupDocument, RuleDocument
from watchkeeper_collector.alerts.rules.rule import Rule

ENDINGS = (".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """What files hold. With a fault in any of them, none of their rules are to be used."""

    rules: Sequence[Rule]
    faults: Sequence[Fault]


def load_rule_files(patterns: Sequence[str]) -> RuleFiles:
    """Read folders, files and globs. A pattern that matches nothing is a fault: rules would be missed."""
    texts: dict[str, str] = {}
    faults: list[Fault] = []
    for pattern in patterns:
        paths = find_rule_files(pattern)
        if not paths:
            faults.append(
                Fault(pattern, 1, 1, "There is no such rule file. Expected a file, folder or glob.")
            )
        for path in paths:
            try:
                texts[str(path)] = path.read_text("utf-8")
            except OSError as error:
                faults.append(Fault(str(path), 1, 1, f"The file can't be read: {error.strerror}."))
            except UnicodeDecodeError:
                faults.append(Fault(str(path), 1, 1, "The file is not UTF-8."))
    found = read_rule_texts(texts)
    return RuleFiles(found.rules, [*faults, *found.faults])


def find_rule_files(pattern: str) -> list[Path]:
    """The files of a folder that end in .yml or .yaml, or what a path or glob names, in order."""
    path = Path(pattern)
    if path.is_dir():
        return sorted(entry for entry in path.iterdir() if entry.suffix in ENDINGS and entry.is_file())
    if path.is_file():
        return [path]
    return sorted(Path(name) for name in glob(pattern, recursive=True) if Path(name).is_file())  # noqa: PTH207


def stamp_rule_files(patterns: Sequence[str]) -> tuple[tuple[str, int, int], ...]:
    """What changes when files do: their names, times and sizes."""
    found = []
    for path in (path for pattern in patterns for path in find_rule_files(pattern)):
        try:
            facts = path.stat()
        except OSError:
            continue
        found.append((str(path), facts.st_mtime_ns, facts.st_size))
    return tuple(found)


def read_rule_texts(texts: Mapping[str, str]) -> RuleFiles:
    """Read the contents of files by name; groups have names of their own in all of them together."""
    rules: list[Rule] = []
    faults: list[Fault] = []
    groups: dict[str, str] = {}
    for file, text in texts.items():
        rules += _read_file(text, file, groups, faults)
    return RuleFiles(rules, sorted(set(faults)))


def _read_file(text: str, file: str, names: dict[str, str], faults: list[Fault]) -> list[Rule]:
    document, unreadable = read_document(text, file)
    faults += unreadable
    if document is None or document.content is None:
        return []
    noted = Faults(document)
    rules: list[Rule] = []
    for place, group in enumerate(_parts(document.content, "groups", FileDocument, (), noted)):
        path = ("groups", place)
        rule_parts = _parts(group, "rules", GroupDocument, path, noted)
        found = read_part(_without(group, "rules"), path, GroupDocument, noted)
        if found is None:
            continue
        if found.name in names:
            noted.note((*path, "name"), f"'{names[found.name]}' has a group '{found.name[:60]}' already.")
        names[found.name] = file
        documents = [
            read_part(rule, (*path, "rules", number), RuleDocument, noted, vital=READERS)
            for number, rule in enumerate(rule_parts)
        ]
        rules += build_group(found, documents, path, noted.note)
    faults += noted.found
    return rules


def _parts(content: Any, field: str, model: type[BaseModel], path: Place, noted: Faults) -> list[Any]:
    """The list in a field, part by part, so that a fault in one hides none of another's."""
    parts = content.get(field) if isinstance(content, dict) else None
    is_list = isinstance(parts, list) and len(parts) <= MOST_RULES
    if path == () or not (is_list or parts is None):
        whole = {**content, field: []} if isinstance(content, dict) and is_list else content
        read_part(whole, path, model, noted)
    return parts if isinstance(parts, list) and is_list else []


def _without(content: Any, field: str) -> Any:
    return (
        {name: value for name, value in content.items() if name != field}
        if isinstance(content, dict)
        else content
    )
