"""An example trace for each series that is met: what the one who is paged opens first."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from watchkeeper_collector.alerts.evaluation.ask import Ask
from watchkeeper_collector.alerts.evaluation.asking import answer_asks
from watchkeeper_collector.alerts.evaluation.measured import ask_of, example_of, has_examples
from watchkeeper_collector.alerts.evaluation.moment import Moment
from watchkeeper_collector.alerts.evaluation.sample import Evaluation, Sample
from watchkeeper_collector.alerts.rules.condition import Absence, Series, series_of
from watchkeeper_collector.alerts.rules.series import label_of
from watchkeeper_collector.errors import WatchkeeperError
from watchkeeper_collector.query.source import Source

LONGEST_WINDOW_S = 3_600.0
"""Of longer windows the last hour: an example is to be fresh, and to cost little."""


def add_examples(
    evaluations: Sequence[Evaluation], moments: Sequence[Moment], source_of: Callable[[str], Source]
) -> list[Evaluation]:
    """The same evaluations, with links to traces where some can be found."""
    wanted = {place: _ask(moment) for place, moment in enumerate(moments) if _is_met(evaluations[place])}
    asks = {place: ask for place, ask in wanted.items() if ask is not None}
    answers = answer_asks(asks.values(), source_of("")) if asks else {}
    found = list(evaluations)
    for place, ask in asks.items():
        answer = answers[ask]
        if not isinstance(answer, WatchkeeperError):
            traces = {key: steps[0].example for key, steps in answer.items()}
            samples = [_with_example(sample, ask, traces) for sample in found[place].samples]
            found[place] = replace(found[place], samples=samples)
    return found


def _is_met(evaluation: Evaluation) -> bool:
    return any(sample.level == "met" for sample in evaluation.samples)


def _ask(moment: Moment) -> Ask | None:
    """``None`` where there are no spans to show: of scores, budgets, SQL, and what is absent."""
    condition = moment.rule.condition
    series: Series | None = series_of(condition)
    if series is None or isinstance(condition, Absence) or not has_examples(series.measure):
        return None
    if getattr(condition, "budget", ""):
        return None
    window_s = min(LONGEST_WINDOW_S, getattr(condition, "trigger_s", series.window_s))
    ask = ask_of(moment, series, (series.measure,), window_s=window_s)
    return replace(ask, example=example_of(series.measure))


def _with_example(sample: Sample, ask: Ask, traces: dict[tuple[str, ...], str]) -> Sample:
    key = (sample.labels["project"], *(sample.labels[label_of(name)] for name in ask.by))
    trace = traces.get(key, "")
    return (
        replace(sample, links={**sample.links, "trace": trace}) if sample.level == "met" and trace else sample
    )
