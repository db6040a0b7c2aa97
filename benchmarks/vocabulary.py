"""Text that compresses about as text does: words of an invented language, the frequent ones by Zipf's law."""

import random
from functools import cache

LETTERS = "etaoinshrdlucmfwypvbgkqjxz"
WORDS = 2000
SHORTEST, LONGEST = 2, 10
URN_PLACES = 1 << 16
MEAN_CHARS = 5  # of a word as it occurs, with its blank: texts are a little longer than asked for, and cut


class Vocabulary:
    """Draws words with the given generator."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._words = build_urn()

    def text(self, chars: int) -> str:
        """A text of just so many characters, or a few less."""
        draws = memoryview(self._rng.randbytes(2 * (chars // MEAN_CHARS))).cast("H")
        return " ".join([self._words[draw] for draw in draws])[:chars]


@cache
def build_urn() -> list[str]:
    """Each word as often as it is frequent, so that two random bytes draw one."""
    words = build_words()
    shares = [1 / (rank + 3) for rank in range(WORDS)]
    urn = [
        word
        for word, share in zip(words, shares, strict=True)
        for _ in range(1 + int(URN_PLACES * share / sum(shares)))
    ]
    return urn[:URN_PLACES]


def build_words() -> list[str]:
    """The language's words, the most frequent first; the same ones in every process."""
    rng = random.Random("watchkeeper")
    return ["".join(rng.choices(LETTERS, k=rng.randint(SHORTEST, LONGEST))) for _ in range(WORDS)]
