"""The functions that SQL of people may call: those that look at their arguments and at nothing else.

Reading files, dictionaries, settings or the machine, calling services and sleeping are functions too, even
in a session that may only read. So these are lists of what is harmless, and a new version of the engine adds
nothing to them by itself.
"""

from functools import cache
from importlib.resources import files

CATEGORIES = (
    "Arithmetic", "Arrays", "Bit", "Bitmap", "Comparison", "Conditional", "Dates and Times", "Distance",
    "Encoding", "Financial", "Geo", "Geo Polygon", "Hash", "IP Address", "JSON", "Logical", "Map",
    "Mathematical", "Null", "NumericIndexedVector", "Random Number", "Rounding", "String",
    "String Replacement", "String Search", "String Splitting", "Time Window", "Tuple",
    "Type Conversion", "URL", "UUID",
)  # fmt: skip
"""The engine's categories of such functions."""

EXCEPT = (
    "aggThrow", "chdb", "flameGraph", "formatRow", "formatRowNoNewline", "groupFormat",
    "serverTimezone",
)  # fmt: skip
"""Of these categories, but not harmless: they name the machine, or take the name of any format."""

BESIDES = (
    "bar", "byteSize", "caseWithExpression", "countDigits", "finalizeAggregation",
    "formatReadableDecimalSize", "formatReadableQuantity", "formatReadableSize",
    "formatReadableTimeDelta", "identity", "ignore", "lowCardinalityKeys", "materialize", "neighbor",
    "parseReadableSize", "rowNumberInAllBlocks", "runningAccumulate", "runningDifference",
    "seriesDecomposeSTL", "seriesOutliersDetectTukey", "toTypeName", "transform", "visibleWidth",
)  # fmt: skip
"""Of other categories, and harmless."""

SYNTAX = frozenset({"exists", "grouping", "lambda"})
"""What the parser writes as a function and no list of the engine names."""

COMBINATORS = (
    "ArgMax", "ArgMin", "Array", "Distinct", "ForEach", "If", "Map", "Merge", "MergeState", "OrDefault",
    "OrNull", "Resample", "SimpleState", "State", "Tuple",
)  # fmt: skip

TABLE_FUNCTIONS = frozenset(
    {"generateseries", "generate_series", "numbers", "numbers_mt", "values", "view", "zeros", "zeros_mt"}
)


def is_harmless(name: str) -> bool:
    """True for a function or aggregate function, with its combinators, that is on the lists."""
    functions, aggregates = load_functions()
    return name.lower() in functions | SYNTAX or _base(name.lower(), aggregates) in aggregates


@cache
def load_functions() -> tuple[frozenset[str], frozenset[str]]:
    """Names of functions and of aggregate functions, in lower case."""
    text = files("watchkeeper_collector.query.sql").joinpath("functions.txt").read_text("utf-8")
    plain, aggregates = text.split("\n\n")
    return frozenset(plain.lower().split()), frozenset(aggregates.lower().split())


def _base(name: str, aggregates: frozenset[str]) -> str:
    while name not in aggregates:
        ending = next(
            (end for end in COMBINATORS if name.endswith(end.lower()) and name != end.lower()), None
        )
        if ending is None:
            return name
        name = name[: -len(ending)]
    return name
