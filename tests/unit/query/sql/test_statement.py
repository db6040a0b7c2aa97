"""What our own parser makes of a statement."""

import pytest
from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.sql.functions import is_harmless
from watchkeeper_collector.query.sql.statement import read_statement
from watchkeeper_collector.query.sql.syntax_tree import TREE_FORMAT, check_tree, read_tree


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("SELECT 1", "SELECT 1"),
        ("SELECT * FROM spans AS s", "SELECT * FROM wk.spans AS s"),
        ("SELECT * FROM `spans`, other.t", "SELECT * FROM wk.`spans`, other.t"),
        ("SELECT 1 WHERE 1 IN (SELECT a FROM b)", "SELECT 1 WHERE 1 IN (SELECT a FROM wk.b)"),
        ("SELECT * FROM view(SELECT * FROM a)", "SELECT * FROM view(SELECT * FROM wk.a)"),
        ("WITH y AS (SELECT * FROM x) SELECT * FROM y", "WITH y AS (SELECT * FROM wk.x) SELECT * FROM y"),
        ("WITH y AS (SELECT * FROM y) SELECT * FROM y", "WITH y AS (SELECT * FROM wk.y) SELECT * FROM y"),
        ("WITH 1 AS y SELECT * FROM y", "WITH 1 AS y SELECT * FROM wk.y"),
        ("WITH (SELECT 1) AS y SELECT * FROM y", "WITH (SELECT 1) AS y SELECT * FROM wk.y"),
        (
            "SELECT * FROM (WITH y AS (SELECT 1) SELECT * FROM y) AS q, y",
            "SELECT * FROM (WITH y AS (SELECT 1) SELECT * FROM y) AS q, wk.y",
        ),
        (
            "WITH y AS (SELECT 1) SELECT * FROM (SELECT * FROM y)",
            "WITH y AS (SELECT 1) SELECT * FROM (SELECT * FROM y)",
        ),
    ],
)
def test_tables_that_the_statement_does_not_define_get_our_database(text: str, read: str) -> None:
    assert read_statement(text, "wk").text == read


def test_values_that_a_with_names_are_no_tables() -> None:
    text = "WITH a AS (SELECT 1), 2 AS b, (SELECT 3) AS c SELECT * FROM a"
    assert read_statement(text, "wk").common_tables == {"a"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT 1; SELECT 2", "There are 2 statements"),
        ("DROP TABLE spans", "This is no query: 'DROP TABLE spans'"),
        ("SELECT 1 FORMAT CSV", "clause FORMAT is not allowed"),
        ("SELECT * FROM (SELECT 1 SETTINGS a = 1)", "clause SETTINGS is not allowed"),
        ("SELECT 1 INTO OUTFILE 'x'", "not understood"),
        ("WITH `system.users` AS (SELECT 1) SELECT 1", "WITH can't define 'system.users'"),
        ("SELECT " + "(" * 5_000 + "1" + ")" * 5_000, "not understood"),
    ],
)
def test_everything_but_one_plain_query_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidQueryError, match=words):
        read_statement(text, "wk")


@pytest.mark.parametrize(
    "name",
    [
        "sum",
        "SUM",
        "sumIf",
        "quantilesExactOrNullIf",
        "uniqStateForEach",
        "length",
        "arrayMap",
        "lambda",
        "in",
    ],
)
def test_functions_of_their_arguments_are_harmless(name: str) -> None:
    assert is_harmless(name)


@pytest.mark.parametrize(
    "name",
    ["file", "FILE", "fileIf", "dictGet", "sleep", "getSetting", "hostName", "State", "", "toString2"],
)
def test_everything_else_is_not(name: str) -> None:
    assert not is_harmless(name)


TREE = f"""SelectWithUnionQuery (children 2)
 ExpressionList (children 1)
  SelectQuery (children 2)
   ExpressionList (children 1)
    Function sum (alias total) (children 1)
     ExpressionList (children 1)
      Identifier Duration
   TablesInSelectQuery (children 1)
    TablesInSelectQueryElement (children 1)
     TableExpression (children 1)
      TableIdentifier wk.spans (alias s)
 Identifier {TREE_FORMAT}"""


def check(tree: str) -> None:
    check_tree(read_tree(tree.split("\n")), {"wk.spans": ""}, {"common"})


def test_a_tree_of_allowed_nodes_passes() -> None:
    check(TREE)
    check(TREE.replace("wk.spans (alias s)", "common"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("wk.spans", "system.users", "table 'system.users' can't be read"),
        ("wk.spans", "wk.spans2", "can't be read"),
        ("sum", "file", "function 'file' is not among"),
        ("TableIdentifier wk.spans (alias s)", "Function url", "table function 'url'"),
        ("Identifier Duration", "ColumnsApplyTransformer", "APPLY is not allowed"),
        ("Identifier Duration", "Set", "SETTINGS is not allowed"),
        ("Identifier Duration", "SomethingNew x", "'SomethingNew' is not allowed"),
        (TREE_FORMAT, "CSV", "without INTO OUTFILE, FORMAT"),
        (f" Identifier {TREE_FORMAT}", f" Literal 'x'\n Identifier {TREE_FORMAT}", "can't be checked"),
        ("Identifier Duration", "Identifier a\n      Literal 'forged'", "can't be checked"),
        ("Identifier Duration", "Identifier a\n Literal 'forged'", "can't be checked"),
        ("Identifier Duration", "Identifier a\n          Literal 'deep'", "can't be checked"),
        ("SelectWithUnionQuery", "DropQuery", "Expected one SELECT"),
        ("SelectWithUnionQuery (children 2)", "", "can't be checked"),
    ],
)
def test_a_tree_with_anything_else_is_refused(old: str, new: str, words: str) -> None:
    with pytest.raises(InvalidQueryError, match=words):
        check(TREE.replace(old, new))
