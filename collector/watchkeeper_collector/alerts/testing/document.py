"""Files of rule tests: promtool's format, with spans as input and notifications to expect."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from watchkeeper_collector.alerts.rules.document import Duration, Templates, Text

SHAPE = ConfigDict(extra="forbid", strict=True, populate_by_name=True)
MOST_SPANS = 200_000


def _as_pattern(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Pattern = Annotated[
    str, BeforeValidator(_as_pattern), Field(description="Numbers in promtool's notation: `1 2+3x4 0x9`.")
]


class SeriesDocument(BaseModel):
    """Values of a measure, in place of spans."""

    model_config = SHAPE

    series: Annotated[str, Field(examples=['error_rate{model="gpt-4o"}'])]
    values: Annotated[str, Field(examples=["0.01x9 0.2x5 _ stale"])]


class RepeatDocument(BaseModel):
    """The same spans again, and again a while later: what makes a season."""

    model_config = SHAPE

    every: Duration
    times: Annotated[int, Field(ge=1, le=400)]


class SpansDocument(BaseModel):
    """Spans that are made, one after another. A pattern has a number for each, its last for the rest."""

    model_config = SHAPE

    start: Annotated[
        str, BeforeValidator(_as_pattern), Field(description="After the test's start; `-7d`: before it.")
    ] = "0s"
    every: Duration = "1s"
    count: Annotated[int, Field(ge=1, le=MOST_SPANS)]
    repeat: RepeatDocument | None = None
    seed: int = 0
    error: Annotated[Pattern, Field(description="How likely a span is to fail.")] = "0"
    error_status: Annotated[int, Field(ge=0, le=999, description="Of those that fail; 0: none.")] = 500
    error_type: Text = ""
    latency: Annotated[Pattern, Field(description="Milliseconds.")] = "100"
    ttft: Annotated[Pattern | None, Field(description="Milliseconds to the first token.")] = None
    cost_usd: Pattern | None = None
    input_tokens: Pattern | None = None
    output_tokens: Pattern | None = None
    trace: Annotated[Text, Field(description="All spans are of this trace; empty: each has its own.")] = ""
    operation: Text = "chat"
    provider: Text = "openai"
    model: Text = "test-model"
    service: Text = "app"
    environment: Text = ""
    release: Text = ""
    user: Text = ""
    session: Text = ""
    feature: Text = ""
    tool: Annotated[Text, Field(description="Calls of this tool instead of a model.")] = ""
    project: Text = ""
    input: Annotated[Text, Field(description="What the user says.")] = ""
    output: Annotated[Text, Field(description="What the model says.")] = ""
    attributes: Templates = {}


class BudgetDocument(BaseModel):
    model_config = SHAPE

    name: Text
    limit_usd: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=False)]
    period: Literal["day", "week", "month"] = "month"
    filter: Text = ""
    time_zone: Text = "UTC"


class AlertDocument(BaseModel):
    """One alert that fires. Without annotations, those are not compared."""

    model_config = SHAPE

    exp_labels: Templates = {}
    exp_annotations: Templates | None = None


class AlertCheckDocument(BaseModel):
    """What fires of one rule at a time: these alerts and no others."""

    model_config = SHAPE

    eval_time: Duration
    alertname: Text
    exp_alerts: list[AlertDocument] = []


class NotificationDocument(BaseModel):
    """How many notifications there were until then: each alert once as firing and once as resolved."""

    model_config = SHAPE

    eval_time: Duration
    alertname: Text
    status: Literal["firing", "resolved"] = "firing"
    count: Annotated[int, Field(ge=0)]
    exp_labels: Annotated[Templates, Field(description="Only those with these labels are counted.")] = {}


class CaseDocument(BaseModel):
    """One test."""

    model_config = SHAPE

    name: Text = ""
    interval: Annotated[Duration, Field(description="Between the values of a series.")] = "1m"
    start_timestamp: Annotated[Text, Field(description="RFC 3339, or seconds since 1970.")] = ""
    project: Text = "default"
    input_series: list[SeriesDocument] = []
    input_spans: list[SpansDocument] = []
    budgets: list[BudgetDocument] = []
    alert_rule_test: list[AlertCheckDocument] = []
    exp_notifications: list[NotificationDocument] = []


class TestFileDocument(BaseModel):
    """A file of tests. ``rule_files`` are paths and globs from the file's folder."""

    model_config = SHAPE
    __test__ = False

    rule_files: list[str] = []
    evaluation_interval: Duration = "1m"
    tests: list[CaseDocument] = []
