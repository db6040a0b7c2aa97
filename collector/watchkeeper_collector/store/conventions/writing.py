"""The SQL that reads a text's letters and words: scripts, words of any script, runs of three words.

Scripts are told by where their letters stand in Unicode, which is the order of their bytes in UTF-8 too.
"""

from collections.abc import Sequence

from watchkeeper_collector.store.conventions.data import literals, load

UNSPACED = ("Hani", "Jpan", "Thai")
"""Scripts that are written without spaces between words."""
SAMPLE_CHARS = 200
SKETCH = 8
KANA_PART = 10
"""A tenth of kana tells that Han characters are Japanese."""


def letter_scripts(text: str) -> str:
    """The script of each letter at the beginning of a text in lower case; empty for plain ASCII."""
    letters = f"ngrams(if(isASCII({text}), '', substringUTF8({text}, 1, {SAMPLE_CHARS})), 1)"
    found = f"arrayFilter(s -> s != '', arrayMap(c -> {_script_of('c')}, {letters}))"
    kana, han = "countEqual(scripts, 'Jpan')", "countEqual(scripts, 'Hani')"
    is_japanese = f"{kana} * {KANA_PART} >= {han}"
    return (
        f"arrayMap(scripts -> if({han} > 0 AND {kana} > 0 AND {is_japanese},"
        f" arrayMap(s -> if(s = 'Hani', 'Jpan', s), scripts), scripts), [{found}])[1]"
    )


def main_script(scripts: str) -> str:
    """The script that most letters are of; the one that is first in the alphabet of several."""
    names = literals(sorted(load("values")["script"]))
    counts = f"arrayMap(name -> countEqual({scripts}, name), [{names}])"
    return f"if(empty({scripts}), '', [{names}][indexOf({counts}, arrayMax({counts}))])"


def words(script: str, text: str) -> str:
    """Hashes of the words of a text in lower or upper case; of its characters where words are not spaced."""
    is_unspaced = f"{script} IN ({literals(UNSPACED)})"
    lines = f"replaceAll(lower(if({is_unspaced}, '', {text})), '\\n', ' ')"
    unspaced = f"ngrams(if({is_unspaced}, {text}, ''), 1)"
    hashes = f"arrayMap(w -> cityHash64(w), arrayConcat(splitByChar(' ', {lines}), {unspaced}))"
    return f"arrayFilter(h -> h != cityHash64(''), {hashes})"


def shingles(hashes: str) -> str:
    """A hash of each three words in a row."""
    second, third = (f"arrayResize(arraySlice(h, {first}), length(h))" for first in (2, 3))
    mixed = f"arrayMap((a, b, c) -> toUInt32(intHash64(a + b * 3 + c * 7)), h, {second}, {third})"
    cut = f"arraySlice({mixed}, 1, greatest(0, toInt64(length(h)) - 2))"
    return f"arrayMap(h -> {cut}, [{hashes}])[1]"


def smallest(hashes: str) -> str:
    """The eight smallest of hashes that differ, sorted.

    Hashes lie evenly, so that of many those below a bound are looked at that only some forty are.
    """
    bound = f"intDiv({SKETCH * 5 * 2**32}, length({hashes}) + 1)"
    few = f"if(length({hashes}) <= {SKETCH * 8}, {hashes}, arrayFilter(h -> h <= {bound}, {hashes}))"
    return f"arraySlice(arraySort({few}), 1, {SKETCH})"


def _script_of(char: str) -> str:
    """The script of a character, empty for what is no letter or of none that is listed."""
    starts = [at for first, last, name in _ranges() for at in ((chr(first), name), (chr(last + 1), ""))]
    names, bounds = literals(["", *(name for _, name in starts)]), literals(start for start, _ in starts)
    return f"[{names}][arrayCount(bound -> bound <= {char}, [{bounds}]) + 1]"


def _ranges() -> Sequence[tuple[int, int, str]]:
    ranges = load("values")["script"].items()
    return sorted((int(first, 16), int(last, 16), name) for name, listed in ranges for first, last in listed)
