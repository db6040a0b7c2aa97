"""What the API says of alerts."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["inactive", "pending", "firing", "recovering", "no_data", "error"]
Family = Literal["condition", "no_data", "error"]
Figures = dict[str, float | str]
Labels = Annotated[dict[str, str], Field(examples=[{"alertname": "ProviderOutage", "provider": "openai"}])]


class Chart(BaseModel):
    """Parameters of `GET /query` for the alert's measure, from before it began until now."""

    measures: str
    filter: str
    start: datetime
    end: str = "now"
    step: str = "auto"


class Alert(BaseModel):
    """One series that an alert is about."""

    model_config = ConfigDict(from_attributes=True)

    fingerprint: Annotated[str, Field(description="Stays the same as long as its rule and labels do.")]
    episode: Annotated[str, Field(description="Names the time from firing to resolving; empty: not fired.")]
    rule_uid: str
    alert: str
    family: Annotated[
        Family,
        Field(
            description="What it is about: the rule's condition, a series without data, a rule that can't be"
            " evaluated."
        ),
    ]
    project: Annotated[str, Field(description="Empty: about a rule of the operator itself.")]
    state: State
    is_firing: Annotated[
        bool,
        Field(
            description="It fired and did not resolve: in the states firing and recovering, and in no_data"
            " and error if it did before."
        ),
    ]
    reason: Annotated[
        str, Field(description="Why it resolved or is frozen, if not because of its condition.")
    ]
    labels: Labels
    annotations: dict[str, str]
    value: float | None
    figures: Annotated[Figures, Field(description="What decided: threshold, window_s, count, …")]
    links: Annotated[
        dict[str, str], Field(description="`traces`: a path of the dashboard; `trace`: an example's id.")
    ]
    active_at: Annotated[datetime, Field(description="Since when the condition holds.")]
    fired_at: datetime | None
    resolved_at: datetime | None
    keep_firing_since: Annotated[
        datetime | None, Field(description="Since when the condition ceased to hold while it goes on firing.")
    ]
    last_sent_at: datetime | None
    age_s: Annotated[float, Field(description="Since it fired, else since the condition holds.")]
    chart: Annotated[Chart | None, Field(description="Null: the rule is not about a measure.")] = None


class AlertEvent(BaseModel):
    """A change of an alert's state."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    project: str
    rule_uid: str
    alert: str
    fingerprint: str
    episode: str
    started_at: Annotated[datetime | None, Field(description="When the episode began.")]
    is_resolved: Annotated[bool, Field(description="With this the episode ended.")]
    from_state: State
    to_state: State
    reason: str
    measure: str
    filter: str
    value: float | None
    labels: Labels
    annotations: dict[str, str]
    figures: Figures
    links: dict[str, str]


class Episode(BaseModel):
    """From when an alert fired until it resolved: what charts shade."""

    episode: str
    project: str
    rule_uid: str
    alert: str
    fingerprint: str
    measure: Annotated[str, Field(description="That the rule looks at; empty: none.")]
    filter: str
    labels: Labels
    annotations: dict[str, str]
    value: Annotated[float | None, Field(description="When it fired.")]
    started_at: datetime
    ended_at: Annotated[datetime | None, Field(description="Null: it fires.")]
    reason: Annotated[str, Field(description="Why it ended, if not because of its condition.")]


class RuleStatus(BaseModel):
    """The newest evaluation of a rule, and how many there were."""

    model_config = ConfigDict(from_attributes=True)

    rule_uid: str
    alert: str
    evaluated_at: datetime
    cost_s: float
    problem: Annotated[str, Field(description="Why it could not be evaluated; empty: it could.")]
    series: int
    series_without_data: int
    evaluations: int
    failures: int
    missed: Annotated[int, Field(description="Evaluations left out because the one before took too long.")]


class GroupStatus(BaseModel):
    """A group of rules, evaluated together."""

    name: str
    source: Literal["file", "api"]
    project: Annotated[str, Field(description="Empty: of the operator, over all projects.")]
    interval_s: float
    evaluated_at: datetime
    duration_s: Annotated[float, Field(description="What its rules' newest evaluations took together.")]
    missed: int
    problem: Annotated[str, Field(description="Of the first rule that has one.")]
    holder: Annotated[str, Field(description="The collector that evaluated it.")]
    rules: list[RuleStatus]


class AlertingStatus(BaseModel):
    """How alerting itself is."""

    is_enabled: bool
    rules_problem: Annotated[str, Field(description="Why the newest rule files were not taken.")]
    outbox_depth: Annotated[int, Field(description="Notices that were not dealt with.")]
    states: Annotated[dict[State, int], Field(description="How many alerts are in each state.")]
    groups: list[GroupStatus]
