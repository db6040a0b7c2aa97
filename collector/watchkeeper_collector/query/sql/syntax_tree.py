"""What the engine's parser sees in a statement: its tree, held against what is allowed."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.sql.functions import TABLE_FUNCTIONS, is_harmless

LINE = re.compile(r"( *)([A-Za-z:]+)(?: (?!\(children )(.*?))?(?: \(children (\d+)\))?", re.DOTALL)
TABLE_NAME = re.compile(r"([\w.]+)(?: \(alias .*\))?", re.ASCII | re.DOTALL)
TREE_FORMAT = "TabSeparated"
"""What the tree is asked for in; it is the last node of it."""
MEMBERSHIP = re.compile(r"(?:global)?(?:not)?(?:null)?in(?:ignoreset)?", re.IGNORECASE)
NODES = frozenset(
    {
        "ArrayJoin", "Asterisk", "ColumnsExceptTransformer", "ColumnsListMatcher",
        "ColumnsRegexpMatcher", "ColumnsReplaceTransformer",
        "ColumnsReplaceTransformer::Replacement", "ColumnsTransformerList", "ExpressionList",
        "Function", "Identifier", "InterpolateElement", "Literal", "OrderByElement",
        "QualifiedAsterisk", "QualifiedColumnsListMatcher", "QualifiedColumnsRegexpMatcher",
        "SampleRatio", "SelectIntersectExceptQuery", "SelectQuery", "SelectWithUnionQuery",
        "Subquery", "TableExpression", "TableIdentifier", "TableJoin", "TablesInSelectQuery",
        "TablesInSelectQueryElement", "WindowDefinition", "WindowListElement", "WithElement",
    }
)  # fmt: skip


@dataclass(slots=True)
class Node:
    kind: str
    text: str
    children_said: int
    children: list["Node"] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.text.partition(" ")[0]

    def walk(self) -> Iterator[tuple["Node", "Node | None"]]:
        """Every node with the one above it."""
        waiting: list[tuple[Node, Node | None]] = [(self, None)]
        while waiting:
            node, parent = waiting.pop()
            yield node, parent
            waiting.extend((child, node) for child in node.children)


def read_tree(lines: Sequence[str]) -> Node:
    """The tree that ``EXPLAIN AST`` prints, a node a line.

    Each says how many children it has. A name with a line break forges lines, and then the counts are wrong.
    """
    path: list[Node] = []
    nodes = []
    for line in lines:
        found = LINE.fullmatch(line)
        depth = len(found[1]) if found else 0
        if found is None or depth > len(path) or (depth == 0 and path):
            raise _unreadable()
        node = Node(found[2], found[3] or "", int(found[4] or 0))
        nodes.append(node)
        if depth:
            path[depth - 1].children.append(node)
        path = [*path[:depth], node]
    if not nodes or any(len(node.children) != node.children_said for node in nodes):
        raise _unreadable()
    return nodes[0]


def check_tree(root: Node, tables: Collection[str], common_tables: Collection[str]) -> None:
    """Raise ``InvalidQueryError`` unless the tree only reads allowed tables with harmless functions."""
    ends = [(child.kind, child.text) for child in root.children[1:]]
    if root.kind != "SelectWithUnionQuery" or ends != [("Identifier", TREE_FORMAT)]:
        raise InvalidQueryError("Expected one SELECT without INTO OUTFILE, FORMAT and SETTINGS.")
    for node, parent in root.walk():
        if node.kind not in NODES:
            raise InvalidQueryError(f"{_named(node)} is not allowed in a query of yours.")
        if node.kind == "TableIdentifier":
            _check_table(node, tables, common_tables)
        if node.kind == "Function":
            _check_function(node, parent)


def _check_table(node: Node, tables: Collection[str], common_tables: Collection[str]) -> None:
    found = TABLE_NAME.fullmatch(node.text)
    name = found[1] if found else node.text
    if name not in tables and name not in common_tables:
        raise InvalidQueryError(
            f"The table '{name[:100]}' can't be read. There is: {', '.join(sorted(tables))}."
        )


def _check_function(node: Node, parent: Node | None) -> None:
    if parent is not None and parent.kind == "TableExpression":
        if node.name.lower() not in TABLE_FUNCTIONS:
            known = ", ".join(sorted(TABLE_FUNCTIONS))
            problem = f"The table function '{node.name[:100]}' is not allowed."
            raise InvalidQueryError(f"{problem} There is: {known}.")
    elif not is_harmless(node.name):
        raise InvalidQueryError(f"The function '{node.name[:100]}' is not among those that are allowed.")
    if MEMBERSHIP.fullmatch(node.name):
        _check_membership(node)


def _check_membership(node: Node) -> None:
    """``x IN name`` may read a table, which is then no node of its own."""
    for argument in (argument for listed in node.children for argument in listed.children[1:]):
        if argument.kind == "Identifier":
            problem = f"'IN {argument.text[:60]}' may read a table."
            raise InvalidQueryError(f"{problem} Write IN (SELECT …), or has(array, value) for an array.")


def _named(node: Node) -> str:
    names = {
        "Set": "The clause SETTINGS",
        "ColumnsApplyTransformer": "APPLY",
        "QueryParameter": "A parameter",
    }
    return names.get(node.kind, f"'{node.kind}'")


def _unreadable() -> InvalidQueryError:
    return InvalidQueryError("The statement can't be checked. Use names without line breaks.")
