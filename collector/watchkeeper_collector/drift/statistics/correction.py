"""Correction for asking many questions at once."""

from collections.abc import Sequence


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p in the same order: rejecting those up to q keeps the share of false ones at q.

    Benjamini and Hochberg, Journal of the Royal Statistical Society B 57 (1995).
    """
    most_first = sorted(range(len(p_values)), key=lambda place: p_values[place], reverse=True)
    adjusted = [1.0] * len(p_values)
    least = 1.0
    for above, place in enumerate(most_first):
        rank = len(p_values) - above
        least = min(least, p_values[place] * len(p_values) / rank)
        adjusted[place] = least
    return adjusted
