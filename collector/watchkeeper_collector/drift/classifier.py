"""Text drift: can answers from before be told from answers from after?

A classifier of character 2- to 4-grams learns it on half of the units and gives the other half scores. If
nothing changed, scores of both sides are alike, whatever it learned: so a rank test of the scores is a test
of the texts, and needs no thousands of permutations. The area under the ROC curve says how great it is.

Answers to one question lie in one half. Else it would learn the question from one side's answer, and take the
other side's answer to it for that side's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from watchkeeper_collector.drift.features import TEXT
from watchkeeper_collector.drift.halves import Half, split_halves
from watchkeeper_collector.drift.statistics.ranks import mann_whitney
from watchkeeper_collector.drift.texts import Said
from watchkeeper_collector.drift.verdict import Evidence

SHORTEST_GRAM, LONGEST_GRAM = 2, 4
MOST_GRAMS = 20_000
LEAST_TEXTS = 20
"""A side: with fewer, nothing is learned."""

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the classifier learned and how the half that it never saw fared.

    ``before`` and ``after`` are places in the given texts, of the judged half, with their ``scores``: the
    greater, the more it looks like after. ``weights`` are of the grams.
    """

    area: float
    p_value: float
    before: Sequence[int]
    after: Sequence[int]
    before_scores: Scores
    after_scores: Scores
    grams: Sequence[str]
    weights: Scores


def tell_apart(before: Sequence[Said], after: Sequence[Said]) -> Judgement | None:
    """Fit on one half, judge the other. ``None``: too few texts, or all are without two characters."""
    if min(len(before), len(after)) < LEAST_TEXTS:
        return None
    halves = split_halves(before, after)
    fitted = [*_answers(before, halves[0].before), *_answers(after, halves[0].after)]
    labels = [0] * len(halves[0].before) + [1] * len(halves[0].after)
    grams = TfidfVectorizer(
        analyzer="char",
        ngram_range=(SHORTEST_GRAM, LONGEST_GRAM),
        sublinear_tf=True,
        min_df=2,
        max_features=MOST_GRAMS,
        lowercase=False,
        dtype=np.float64,
    )
    try:
        known = grams.fit_transform(fitted)
    except ValueError:  # no gram occurs twice: constant, empty or wholly unlike texts
        return None
    model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=200).fit(known, labels)
    judged = _answers(before, halves[1].before), _answers(after, halves[1].after)
    scores = [model.decision_function(grams.transform(part)) for part in judged]
    return _judge(scores, halves[1], grams, model)


def _judge(scores: Sequence[Scores], half: Half, grams: Any, model: Any) -> Judgement:
    test = mann_whitney(scores[0], scores[1])
    return Judgement(
        test.statistic / (len(scores[0]) * len(scores[1])),
        test.p_value,
        half.before,
        half.after,
        scores[0],
        scores[1],
        grams.get_feature_names_out().tolist(),
        model.coef_[0],
    )


def build_evidence(judgement: Judgement | None, before: int, after: int) -> Evidence:
    """Evidence on the text of so many units. An area below one half is chance: it learned nothing."""
    if judgement is None:
        return Evidence(TEXT, 0, 0, float("nan"), 1.0)
    area, p_value = judgement.area, judgement.p_value
    is_better = area > 0.5
    return Evidence(TEXT, before, after, area, p_value if is_better else 1.0, area)


def _answers(said: Sequence[Said], places: Sequence[int]) -> list[str]:
    return [said[place].answer for place in places]
