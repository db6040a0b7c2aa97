"""Write the tables of docs/query.md from the registries.

    python scripts/query_reference.py

A test compares the two. A table stands between a line `<!-- name -->` and the next `<!-- end -->`.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from watchkeeper_collector.query.dimensions import DIMENSIONS, KEYED_DIMENSIONS
from watchkeeper_collector.query.filters.fields import FLAGS, NUMBER_FIELDS, STATUSES, TEXT_FIELDS
from watchkeeper_collector.query.measures import MEASURES

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "query.md"
UNITS = {"duration_ns": "duration", "duration_ms": "duration", "usd": "amount", "count": "number"}


def render_reference(text: str) -> str:
    """The page with its tables as the code has them."""
    for name, table in build_tables().items():
        text = re.sub(
            rf"(?s)(<!-- {name} -->\n).*?(<!-- end -->)",
            lambda found, table=table: f"{found[1]}{table}\n{found[2]}",
            text,
        )
    return text


def build_tables() -> dict[str, str]:
    measures = ((f"`{m.name}`", m.unit.replace("_", " "), m.description) for m in MEASURES.values())
    keyed = ((f"`{d.name}.<key>`", d.description) for d in KEYED_DIMENSIONS.values())
    dimensions = [*((f"`{d.name}`", d.description) for d in DIMENSIONS.values()), *keyed]
    fields = [
        *((f"`{field.name}`", "text", field.description) for field in TEXT_FIELDS.values()),
        *((f"`{field.name}`", UNITS[field.kind], field.description) for field in NUMBER_FIELDS.values()),
        *((f"`status:{flag.name}`", "fact", flag.description) for flag in STATUSES.values()),
        *((f"`is:{flag.name}`", "fact", flag.description) for flag in FLAGS.values()),
    ]
    return {
        "measures": render_table(("measure", "unit", "what it is"), measures),
        "dimensions": render_table(("dimension", "what it is"), dimensions),
        "fields": render_table(("field", "compared as", "what it is"), fields),
    }


def render_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> int:
    REFERENCE.write_text(render_reference(REFERENCE.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
