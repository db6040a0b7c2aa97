"""Nothing, or too little, where something is expected: because it was there before."""

from collections.abc import Sequence

from watchkeeper_collector.alerts.evaluation.ask import Ask
from watchkeeper_collector.alerts.evaluation.change import BACK_S
from watchkeeper_collector.alerts.evaluation.measured import ask_of, groups_of, reading_of, sample_of
from watchkeeper_collector.alerts.evaluation.moment import Answers, Moment, answer_to
from watchkeeper_collector.alerts.evaluation.sample import Sample
from watchkeeper_collector.alerts.rules.condition import Absence


def asks(moment: Moment, condition: Absence) -> Sequence[Ask]:
    return [_now(moment, condition), _before(moment, condition)]


def judge(moment: Moment, condition: Absence, answers: Answers) -> list[Sample]:
    """A group that is not expected now is clear, whatever it does."""
    series = condition.series
    now, before = (answer_to(ask(moment, condition), answers) for ask in (_now, _before))
    samples = []
    for key in groups_of(moment, series, before):
        value = reading_of(now, key, (series.measure,)).values[0] or 0.0
        was = reading_of(before, key, (series.measure,)).values[0] or 0.0
        is_expected = was >= condition.expected and was > 0
        is_absent = is_expected and value < condition.fewest
        figures = {
            "threshold": condition.fewest, "expected": condition.expected, "before": was,
            "against": condition.season or "seen",
        }  # fmt: skip
        level = "met" if is_absent else "clear"
        samples.append(sample_of(moment, series, key, (level, value), figures))  # type: ignore[arg-type]
    return samples


def _now(moment: Moment, condition: Absence) -> Ask:
    return ask_of(moment, condition.series, (condition.series.measure,))


def _before(moment: Moment, condition: Absence) -> Ask:
    """The same window a season before, or all the time in which a group is remembered."""
    series = condition.series
    if condition.season is not None:
        return ask_of(moment, series, (series.measure,), back_s=BACK_S[condition.season])
    return ask_of(moment, series, (series.measure,), window_s=condition.seen_s)
