"""Rule files as people write them, in Prometheus' shape: what the JSON Schema and the API are made of.

Texts are read further by :mod:`watchkeeper_collector.alerts.rules.building`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from watchkeeper_collector.alerts.rules.durations import SCHEMA_PATTERN

MOST_RULES = 2_000
SHAPE = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


def _as_text(value: Any) -> Any:
    """Numbers are written without quotes; a bare yes or no would not stay what was written."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text), Field(max_length=4_096)]
Duration = Annotated[
    str, BeforeValidator(_as_text), Field(json_schema_extra={"pattern": SCHEMA_PATTERN}, max_length=64)
]
Amount = Annotated[str, BeforeValidator(_as_text), Field(max_length=64)]
Names = Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=20)]
Templates = Annotated[dict[Annotated[str, Field(max_length=200)], Text], Field(max_length=64)]


class ChangeDocument(BaseModel):
    """Against the same window before."""

    model_config = SHAPE

    against: Annotated[
        Literal["previous", "day", "week", "mean"],
        Field(description="The window just before, a day or a week before, or the mean of `windows` before."),
    ]
    windows: Annotated[int, Field(ge=2, le=60, description="Of the mean.")] = 7


class AnomalyDocument(BaseModel):
    """Outside of the band that the season leads to expect. `window` is one point."""

    model_config = SHAPE

    direction: Literal["both", "above", "below"] = "both"
    deviations: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False, strict=False)] = 3.0
    season: Literal["day", "week"] = "day"
    seasons: Annotated[int, Field(ge=3, le=42, description="How many are looked back at.")] = 7
    trigger: Annotated[Duration, Field(description="Points in this window decide.")] = "30m"
    recovery: Annotated[Duration, Field(description="All points in it inside the band end the alert.")] = (
        "15m"
    )
    fraction: Annotated[
        float,
        Field(gt=0, le=1, strict=False, description="Of the points in `trigger`, so many are outside."),
    ] = 1.0


class BurnWindowDocument(BaseModel):
    model_config = SHAPE

    long: Duration
    short: Annotated[Duration | None, Field(description="A twelfth of the long one, if not said.")] = None
    factor: Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False, strict=False)]


class BurnRateDocument(BaseModel):
    """How fast an error budget, or a budget of money, is used up; 1 would just use it up."""

    model_config = SHAPE

    objective: Annotated[
        float | None, Field(gt=0, lt=1, strict=False, description="Share of good calls, such as 0.99.")
    ] = None
    budget: Annotated[Text | None, Field(description="Name or id of a budget; `*`: each of the project.")] = (
        None
    )
    speed: Annotated[
        Literal["fast", "slow"],
        Field(description="Which half of the table: 14.4 in 1h and 6 in 6h, or 3 in 1d and 1 in 3d."),
    ] = "fast"
    period: Annotated[Duration, Field(description="Of the objective.")] = "30d"
    windows: Annotated[
        list[BurnWindowDocument] | None,
        Field(min_length=1, max_length=8, description="Instead of the table."),
    ] = None


class BudgetDocument(BaseModel):
    """What is used of a budget, or is forecast to be at the end of its period, as a share of it."""

    model_config = SHAPE

    name: Annotated[Text, Field(description="Name or id; `*`: each of the project.")] = "*"
    figure: Annotated[
        Literal["used", "forecast", "forecast_high"],
        Field(description="`forecast_high` is the upper end of the forecast's interval."),
    ] = "used"


class DriftDocument(BaseModel):
    """Verdicts on drift."""

    model_config = SHAPE

    features: Annotated[Names, Field(description="Empty: whole slices, whichever feature drifts.")] = []
    severity: Literal["minor", "major"] = "major"
    windows: Annotated[int, Field(ge=1, le=100, description="So many windows on end.")] = 2


class AbsenceDocument(BaseModel):
    """Nothing, or too little, where something is expected."""

    model_config = SHAPE

    fewest: Annotated[Amount, Field(description="Less than this is absence.")] = "1"
    season: Annotated[
        Literal["day", "week"] | None,
        Field(description="It is expected if there was enough in the same window so long before."),
    ] = None
    expected: Annotated[Amount, Field(description="How much of it there must have been before.")] = "1"
    seen: Annotated[Duration, Field(description="Without a season: it was there within this time.")] = "1d"


class RuleDocument(BaseModel):
    """One rule. Its kind is which of change, anomaly, burn_rate, budget, drift, absence, sql it has."""

    model_config = SHAPE

    alert: Annotated[str, Field(min_length=1, max_length=200, description="Its name.")]
    measure: Annotated[Text | None, Field(examples=["error_rate"])] = None
    filter: Annotated[Text, Field(description="Which spans count.", examples=["environment:production"])] = ""
    by: Annotated[Names, Field(description="Dimensions: one series for each of their values.")] = []
    window: Annotated[Duration | None, Field(description="Of 5m, if not said.")] = None
    condition: Annotated[Text | None, Field(examples=["> 5%", ">= $10", "> 2x"])] = None
    recover: Annotated[
        Amount | None, Field(description="What fires goes on until the value is back at this.")
    ] = None
    and_: Annotated[
        list[Annotated[str, Field(max_length=400)]],
        Field(alias="and", max_length=8, description="What must hold too.", examples=[["calls >= 30"]]),
    ] = []
    share_of: Annotated[
        Names | None,
        Field(description="Compare the part of the sum over these dimensions, which `by` has more than."),
    ] = None
    min_count: Annotated[
        int, Field(ge=0, le=10**12, description="With fewer spans the rule has no data.")
    ] = 0
    change: ChangeDocument | None = None
    anomaly: AnomalyDocument | None = None
    burn_rate: BurnRateDocument | None = None
    budget: BudgetDocument | None = None
    drift: DriftDocument | None = None
    absence: AbsenceDocument | None = None
    sql: Annotated[str | None, Field(max_length=20_000)] = None
    for_: Annotated[Duration, Field(alias="for", description="It must hold so long before it fires.")] = "0s"
    keep_firing_for: Annotated[Duration, Field(description="It goes on so long after it held last.")] = "0s"
    limit: Annotated[int | None, Field(ge=0, le=10_000, description="More series are an error; 0: none.")] = (
        None
    )
    no_data: Literal["ok", "alert", "keep"] = "ok"
    paused: bool = False
    labels: Templates = {}
    annotations: Templates = {}


class GroupDocument(BaseModel):
    """Rules that are evaluated together."""

    model_config = SHAPE

    name: Annotated[str, Field(min_length=1, max_length=200, description="The only such one of all files.")]
    interval: Duration = "1m"
    query_offset: Annotated[Duration, Field(description="Look so far into the past, for late spans.")] = "30s"
    limit: Annotated[int, Field(ge=0, le=10_000)] = 0
    project: Annotated[str, Field(max_length=200, description="Empty: every project.")] = ""
    labels: Templates = {}
    rules: Annotated[list[RuleDocument], Field(max_length=MOST_RULES)] = []


class FileDocument(BaseModel):
    """A file of alert rules."""

    model_config = SHAPE

    groups: Annotated[list[GroupDocument], Field(max_length=MOST_RULES)] = []
