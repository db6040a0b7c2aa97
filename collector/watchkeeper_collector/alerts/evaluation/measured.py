"""What the kinds that look at measures share: what they ask, and how a sample is made of what they read."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlencode

from watchkeeper_collector.alerts.evaluation.ask import Answer, Ask, Key, Reading
from watchkeeper_collector.alerts.evaluation.moment import EPOCH, Moment, nanoseconds
from watchkeeper_collector.alerts.evaluation.sample import Level, Sample
from watchkeeper_collector.alerts.rules.condition import Also, Series
from watchkeeper_collector.alerts.rules.series import label_of
from watchkeeper_collector.query.measures import find_measure, is_score

Figures = Mapping[str, float | str | None]


def measures_of(series: Series, also: Sequence[Also] = ()) -> tuple[str, ...]:
    """The series' own measure first, each once."""
    return tuple(dict.fromkeys([series.measure, *(one.measure for one in also)]))


def ask_of(
    moment: Moment,
    series: Series,
    measures: Sequence[str],
    *,
    by: tuple[str, ...] | None = None,
    window_s: float | None = None,
    back_s: float = 0.0,
    step_s: float = 0.0,
) -> Ask:
    """A question about the series' window, or another one that ends ``back_s`` earlier."""
    end_ns = moment.end_ns - nanoseconds(back_s)
    length_ns = nanoseconds(series.window_s if window_s is None else window_s)
    dimensions = series.by if by is None else by
    step_ns = nanoseconds(step_s)
    return Ask(
        tuple(measures), series.filter, dimensions, end_ns - length_ns, end_ns, moment.projects, step_ns
    )


def groups_of(moment: Moment, series: Series, *answers: Answer) -> list[Key]:
    """Every group that some answer has; without dimensions each project is there, whatever happened."""
    found = dict.fromkeys(key for answer in answers for key in answer)
    if not series.by:
        found |= dict.fromkeys((project,) for project in moment.projects)
    return sorted(found)


def reading_of(answer: Answer, key: Key, measures: Sequence[str], step: int = 0) -> Reading:
    """What was read of a group; where there are no spans, counts and sums are zero."""
    found = answer.get(key, {}).get(step)
    if found is not None:
        return found
    return Reading(tuple(0.0 if find_measure(name).empty == "0" else None for name in measures), 0)


def values_of(reading: Reading, measures: Sequence[str], also: Sequence[Also]) -> list[float | None]:
    """The values of the further conditions."""
    return [reading.values[measures.index(one.measure)] for one in also]


def sample_of(
    moment: Moment,
    series: Series,
    key: Key,
    judged: tuple[Level, float | None],
    figures: Figures,
    *,
    window_s: float | None = None,
) -> Sample:
    """A sample with the labels of its group and a link to the spans behind it."""
    length_s = series.window_s if window_s is None else window_s
    level, value = judged
    known = {name: figure for name, figure in figures.items() if figure is not None}
    labels = {
        "project": key[0],
        **{label_of(name): text for name, text in zip(series.by, key[1:], strict=True)},
    }
    base: dict[str, float | str] = {"measure": series.measure, "window_s": length_s}
    return Sample(labels, level, value, base | known, {"traces": traces_link(moment, series, key, length_s)})


def traces_link(moment: Moment, series: Series, key: Key, window_s: float) -> str:
    """The dashboard's page with the traces of a group in the window."""
    conditions = [f"{name}:{_quoted(text)}" for name, text in zip(series.by, key[1:], strict=True) if text]
    own = f"({series.filter})" if conditions and series.filter.strip() else series.filter
    moments = (moment.end_ns - nanoseconds(window_s), moment.end_ns)
    first, last = (
        f"{EPOCH + timedelta(microseconds=place_ns // 1_000):%Y-%m-%dT%H:%M:%SZ}" for place_ns in moments
    )
    shown = {"range": f"{first}..{last}", "filter": " ".join(filter(None, [own, *conditions]))}
    return f"/traces?{urlencode({name: text for name, text in shown.items() if text})}"


def example_of(measure: str) -> str:
    """Which span shows best what a measure is about: see :data:`asking.EXAMPLES`."""
    if "error" in measure or "rate_limited" in measure:
        return "failed"
    if measure.startswith(("latency", "ttft", "tokens_per_second")):
        return "slowest"
    return "dearest" if "cost" in measure or "token" in measure else "any"


def has_examples(measure: str) -> bool:
    return not is_score(measure)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
