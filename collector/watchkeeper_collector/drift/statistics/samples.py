"""Samples: arrays of finite floats."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Sample = npt.NDArray[np.float64]
Values = Iterable[float | None] | Sample


class Outcome(NamedTuple):
    """What a test says: its statistic, and the probability of one as far out where nothing changed."""

    statistic: float
    p_value: float


NOTHING_TOLD = Outcome(float("nan"), 1.0)


def sample(values: Values) -> Sample:
    """The finite values, as floats."""
    array = values if isinstance(values, np.ndarray) else np.array(list(values), dtype=np.float64)
    floats = array.astype(np.float64, copy=False)
    return floats[np.isfinite(floats)]
