"""YAML that people write, with the place of everything in it, so that each error says where it is.

``read_document`` gives plain values and where they stand; what is wrong with them is found by pydantic and by
further checks, and noted by :class:`Faults` at its line and column.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

MOST_BYTES = 4 << 20
MOST_NODES = 100_000
MOST_DEPTH = 32
LONGEST_NUMBER = 400

Path = tuple[str | int, ...]
"""Where a value stands in a document: names of fields and places in lists, from the outside."""

M = TypeVar("M", bound=BaseModel)

Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong at a place of a file. Lines and columns count from one."""

    file: str
    line: int
    column: int
    message: str

    def render(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name or a value begins. ``is_plain``: the text stands there as it is, so columns count on."""

    line: int
    column: int
    is_plain: bool = True

    def later(self, characters: int) -> "Place":
        return Place(self.line, self.column + characters) if self.is_plain else self


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says. ``values`` and ``names`` are the places of each value, and of each field's name."""

    file: str
    content: Any
    values: Mapping[Path, Place] = field(default_factory=dict)
    names: Mapping[Path, Place] = field(default_factory=dict)

    def place(self, path: Path, *, is_name: bool = False) -> Place:
        """The place of a value, or of the nearest around it that there is."""
        if is_name and path in self.names:
            return self.names[path]
        for length in range(len(path), -1, -1):
            if path[:length] in self.values:
                return self.values[path[:length]]
        return Place(1, 1)


class Faults:
    """Collects what is wrong with a document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.found: list[Fault] = []

    def note(self, path: Path, message: str, *, is_name: bool = False, column: int = 1) -> None:
        """``column`` counts from one within the text of the value."""
        place = self._document.place(path, is_name=is_name).later(column - 1)
        self.found.append(Fault(self._document.file, place.line, place.column, message))

    def existing(self, path: Path) -> Path:
        """The path without what pydantic adds of its own, such as the branch of a union."""
        found: Path = ()
        for step in path:
            if (*found, step) in self._document.values or step == path[-1]:
                found = (*found, step)
        return found


def read_document(text: str, file: str) -> tuple[Document | None, list[Fault]]:
    """Read one YAML document; ``None`` where it can't be read at all."""
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        return None, [Fault(file, 1, 1, f"The file is larger than {MOST_BYTES >> 20} MiB.")]
    try:
        root = yaml.compose(text, Loader=Loader)
        builder = _Builder(file)
        content = builder.build(root, (), 0) if root is not None else None
    except yaml.MarkedYAMLError as error:
        return None, [_unreadable(file, error)]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return None, [Fault(file, 1, 1, f"This is no YAML: {_first_line(error)}.")]
    return Document(file, content, builder.values, builder.names), builder.faults


def read_model(document: Document, model: type[M], faults: Faults) -> M | None:
    """The content as a model; what does not fit is noted, all of it, and gives ``None``."""
    before = len(faults.found)
    found = read_part(document.content, (), model, faults)
    return found if len(faults.found) == before else None


def read_part(
    content: Any, path: Path, model: type[M], faults: Faults, *, vital: Collection[str] = ()
) -> M | None:
    """What stands at a path as a model. Fields that do not fit are noted, and left out of it.

    So the rest of it can still be checked; ``None``: without them, or what is ``vital``, it can't be.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = error.errors(include_url=False)
    for problem in problems:
        is_name = problem["type"] == "extra_forbidden"
        where = faults.existing((*path, *problem["loc"]))
        faults.note(where, explain(problem, model), is_name=is_name)
    if not isinstance(content, Mapping):
        return None
    odd = {problem["loc"][0] for problem in problems if problem["loc"]}
    if odd & set(vital):
        return None
    try:
        return model.model_validate({name: value for name, value in content.items() if name not in odd})
    except ValidationError:
        return None


def explain(problem: Mapping[str, Any], model: type[BaseModel]) -> str:
    """An error of pydantic's in our words."""
    path, context = tuple(problem["loc"]), problem.get("ctx", {})
    name, given = str(path[-1]) if path else "", _shown(problem.get("input"))
    where = f"for '{name}'" if path else "here"
    match problem["type"]:
        case "extra_forbidden":
            known = fields_at(model, path[:-1])
            return _unknown_field(name, known)
        case "missing":
            return f"The field '{name}' is missing."
        case "literal_error":
            return f"{given} is no value {where}. Expected {context.get('expected', '')}."
        case "value_error":
            return str(context.get("error", problem["msg"]))
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{given} is no value {where}. Expected fields with a name and a value."
        case _:
            said = str(problem["msg"]).removeprefix("Input should be ")
            return f"{given} is no value {where}. Expected {said}."


def fields_at(model: type[BaseModel], path: Path) -> list[str]:
    """The names of the fields of the model that stands at a path in another."""
    current: Any = model
    for step in path:
        if isinstance(step, int) or not _is_model(current):
            continue
        field_ = next((f for n, f in current.model_fields.items() if (f.alias or n) == step), None)
        current = _model_in(field_.annotation) if field_ is not None else None
    return [f.alias or n for n, f in current.model_fields.items()] if _is_model(current) else []


def _model_in(annotation: Any) -> Any:
    """The model that an annotation such as ``list[Group] | None`` holds."""
    if _is_model(annotation):
        return annotation
    found = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((part for part in found if part is not None), None)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _unknown_field(name: str, known: Sequence[str]) -> str:
    meant = get_close_matches(name, known, n=1)
    guess = f" Did you mean '{meant[0]}'?" if meant else ""
    return f"There is no field '{name[:60]}' here.{guess} There is: {', '.join(known)}."


def _shown(value: Any) -> str:
    text = str(value)
    return f"'{text[:60]}…'" if len(text) > 60 else f"'{text}'"


def _unreadable(file: str, error: yaml.MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return Fault(file, line, column, f"This is no YAML: {error.problem or _first_line(error)}.")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__


class _Builder:
    """From nodes to plain values. An alias stands for what it names; one within itself is refused."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._scalars = yaml.SafeLoader("")
        self._open: set[int] = set()
        self._nodes = 0
        self.values: dict[Path, Place] = {}
        self.names: dict[Path, Place] = {}
        self.faults: list[Fault] = []

    def build(self, node: yaml.Node, path: Path, depth: int) -> Any:
        self._nodes += 1
        place = _place(node)
        if self._nodes > MOST_NODES or depth > MOST_DEPTH or id(node) in self._open:
            raise yaml.constructor.ConstructorError(
                problem=f"more than {MOST_NODES:,} values, {MOST_DEPTH} levels, or an alias within itself",
                problem_mark=node.start_mark,
            )
        self.values.setdefault(path, place)
        self._open.add(id(node))
        try:
            return self._value(node, path, depth)
        finally:
            self._open.discard(id(node))

    def _value(self, node: yaml.Node, path: Path, depth: int) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(part, (*path, place), depth + 1) for place, part in enumerate(node.value)]
        return self._scalar(node)

    def _scalar(self, node: yaml.Node) -> Any:
        """Only what JSON has too: dates, and what is too long for a number, stay the text that they are."""
        if node.tag in _JSON_TAGS and len(node.value) <= LONGEST_NUMBER:
            return self._scalars.construct_object(node)
        return str(node.value)

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                for part in _merged(value):
                    merged = {**self._merge(part, path, depth), **merged}
                continue
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            inner = (*path, name)
            if not name or name in found:
                problem = f"The field '{name}' is given twice." if name else "A field's name must be text."
                mark = key.start_mark
                self.faults.append(Fault(self._file, mark.line + 1, mark.column + 1, problem))
                continue
            self.names[inner] = _place(key)
            found[name] = self.build(value, inner, depth + 1)
        return merged | found

    def _merge(self, node: yaml.Node, path: Path, depth: int) -> dict[str, Any]:
        found = self.build(node, path, depth + 1)
        return found if isinstance(found, dict) else {}


_JSON_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))


def _merged(value: yaml.Node) -> Iterable[yaml.Node]:
    return reversed(value.value) if isinstance(value, yaml.SequenceNode) else (value,)


def _place(node: yaml.Node) -> Place:
    """Where a text begins: within its quotes; what is folded over lines has no columns to count."""
    mark = node.start_mark
    style = getattr(node, "style", None)
    is_line = node.end_mark.line == mark.line
    quoted = 1 if style in ("'", '"') else 0
    return Place(mark.line + 1, mark.column + 1 + quoted, is_plain=is_line)


def render_faults(faults: Iterable[Fault]) -> Iterator[str]:
    """Lines, in the order of files and places."""
    for fault in sorted(set(faults)):
        yield fault.render()
