"""What a saved view holds: the parameters of a page's URL, of which some are ours to check."""

import time
from urllib.parse import parse_qs

from watchkeeper_collector.errors import InvalidQueryError
from watchkeeper_collector.query.filters.parsing import parse_filter
from watchkeeper_collector.query.times import read_time


def check_view_query(query: str) -> None:
    """Raise ``InvalidQueryError`` for parameters with a filter or a time that nobody could open."""
    if query.startswith(("?", "#")) or "://" in query.partition("=")[0] or not query.isprintable():
        raise InvalidQueryError(
            f"'{query[:60]}' is no query string. Expected the part of a URL behind '?', such as 'start=-24h'."
        )
    try:
        given = parse_qs(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=100)
    except ValueError:
        raise InvalidQueryError(
            f"'{query[:60]}' is no query string. Expected up to 100 pairs such as 'start=-24h'."
        ) from None
    for text in given.get("filter", ()):
        parse_filter(text)
    for name in ("start", "end"):
        for text in filter(None, given.get(name, ())):
            read_time(text, time.time_ns(), name)
