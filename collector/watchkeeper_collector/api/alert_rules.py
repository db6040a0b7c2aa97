"""Alert rules: those of files, to be looked at, and those that people make."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from watchkeeper_collector.api.access import Operator, Reader
from watchkeeper_collector.api.paging import Page
from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.query.times import read_window
from watchkeeper_collector.state.keys import Principal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_PREVIEW = timedelta(days=31)
EXAMPLE = {
    "alert": "ErrorRateHigh",
    "measure": "error_rate",
    "filter": "environment:production",
    "by": ["model"],
    "condition": "> 5%",
    "min_count": 30,
    "for": "2m",
    "labels": {"severity": "page"},
    "annotations": {"summary": "{{ labels.model }}: {{ value | percent }} of calls fail"},
}

Kind = Literal["threshold", "change", "anomaly", "burn_rate", "budget", "drift", "absence", "sql"]
RuleBody = Annotated[
    dict[str, Any],
    Body(
        description="A rule as in a rule file (docs/alerts.md), with its own `interval` and `query_offset`.",
        examples=[EXAMPLE],
    ),
]


class AlertRule(BaseModel):
    """A rule in force."""

    model_config = ConfigDict(populate_by_name=True)

    id: Annotated[
        str, Field(description="What its alerts are kept under; of a file's: `file/<group>/<alert>`.")
    ]
    alert: str
    group: str
    project: Annotated[str, Field(description="Empty: a rule of the operator's over every project.")]
    kind: Kind
    source: Annotated[Literal["file", "api"], Field(description="Rules of files are changed there.")]
    interval: str
    query_offset: str
    for_: Annotated[str, Field(alias="for")]
    keep_firing_for: str
    limit: int
    no_data: Literal["ok", "alert", "keep"]
    is_paused: bool
    labels: dict[str, str]
    annotations: dict[str, str]
    condition: Annotated[
        dict[str, Any], Field(description="By kind; durations in seconds, shares as ratios.")
    ]
    document: Annotated[
        dict[str, Any] | None, Field(description="As it was given; null for a rule of a file.")
    ] = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    created_by: Annotated[str, Field(description="The API key's id; empty: none.")] = ""


class RulePreviewEpisode(BaseModel):
    """An alert that would have fired."""

    model_config = ConfigDict(from_attributes=True)

    labels: dict[str, str]
    annotations: dict[str, str]
    started_at: datetime
    ended_at: Annotated[datetime | None, Field(description="Null: it would still fire.")]
    value: float | None
    figures: dict[str, float | str]


class RulePreview(BaseModel):
    """What a rule would have done."""

    model_config = ConfigDict(from_attributes=True)

    start: datetime
    end: datetime
    interval_s: Annotated[
        float, Field(description="Evaluations are further apart than the rule's own over long times.")
    ]
    evaluations: int
    failed_evaluations: int
    no_data_evaluations: Annotated[int, Field(description="In which no series had data.")]
    fired: Annotated[int, Field(description="So many alerts would have fired.")]
    episodes: Annotated[list[RulePreviewEpisode], Field(description="The newest 200 of them.")]
    problem: Annotated[str, Field(description="What kept the last evaluation that failed.")]


class PreviewRequest(BaseModel):
    """A rule, and the time to try it on."""

    model_config = ConfigDict(extra="forbid")

    rule: Annotated[
        dict[str, Any] | None, Field(description="As for `POST /alerts/rules`.", examples=[EXAMPLE])
    ] = None
    rule_id: Annotated[str, Field(description="Instead of it: one that there is.")] = ""
    start: Annotated[str, Field(description="RFC 3339 or relative.")] = "-7d"
    end: str = "now"


class Rules(Protocol):
    """The rules of a project, as JSON. Every method raises ``NotFoundError`` for ids that there aren't.

    Those that change something raise ``ConflictError`` for a rule of a file, and ``InvalidRequestError``
    with all that is wrong with a document.
    """

    def all(self, project: str) -> list[Mapping[str, Any]]: ...

    def get(self, project: str, rule_id: str) -> Mapping[str, Any]: ...

    def create(self, caller: Principal, document: Mapping[str, Any]) -> Mapping[str, Any]: ...

    def replace(self, caller: Principal, rule_id: str, document: Mapping[str, Any]) -> Mapping[str, Any]: ...

    def pause(self, project: str, rule_id: str, *, is_paused: bool) -> Mapping[str, Any]: ...

    def remove(self, project: str, rule_id: str) -> None: ...

    def preview(
        self,
        caller: Principal,
        rule: Mapping[str, Any] | str,
        window: tuple[datetime, datetime],
    ) -> object: ...


def build_router(rules: Rules, *, now_ns: Callable[[], int] = time.time_ns) -> APIRouter:
    """To be included before the router of ``/alerts/{fingerprint}``. ``now_ns``: of relative times."""
    router = APIRouter(prefix="/alerts/rules", tags=["alerts"])
    _add_reading(router, rules)
    _add_preview(router, rules, now_ns)
    _add_changing(router, rules)
    return router


def _add_reading(router: APIRouter, rules: Rules) -> None:
    @router.get("")
    def list_alert_rules(caller: Reader, kind: Kind | None = None) -> Page[AlertRule]:
        """List the project's rules and the operator's: of files in their order, then those of the API."""
        found = [AlertRule.model_validate(rule) for rule in rules.all(caller.project)]
        return Page(items=[rule for rule in found if kind in (None, rule.kind)])

    @router.get("/{rule_id:path}")
    def get_alert_rule(caller: Reader, rule_id: str) -> AlertRule:
        """Look at one rule."""
        return AlertRule.model_validate(rules.get(caller.project, rule_id))


def _add_preview(router: APIRouter, rules: Rules, now_ns: Callable[[], int]) -> None:
    @router.post("/preview")
    def preview_alert_rule(caller: Operator, asked: PreviewRequest) -> RulePreview:
        """Try a rule on the past: how often it would have fired, and when. Nothing is kept or sent."""
        if (asked.rule is None) == (not asked.rule_id):
            raise InvalidRequestError("Expected a 'rule' or a 'rule_id', and not both.")
        window = read_window(asked.start, asked.end or "now", now_ns())
        start, end = (_moment(at_ns) for at_ns in (window.start_ns, window.end_ns))
        if end - start > LONGEST_PREVIEW:
            raise InvalidRequestError(f"A preview looks at most {LONGEST_PREVIEW.days} days back.")
        rule = asked.rule_id if asked.rule is None else asked.rule
        return RulePreview.model_validate(rules.preview(caller, rule, (start, end)))


def _add_changing(router: APIRouter, rules: Rules) -> None:
    @router.post("", status_code=201)
    def create_alert_rule(caller: Operator, document: RuleBody) -> AlertRule:
        """Make a rule. Its name is the only such one of the project; one in SQL takes the scope `admin`."""
        return AlertRule.model_validate(rules.create(caller, document))

    @router.put("/{rule_id:path}")
    def replace_alert_rule(caller: Operator, rule_id: str, document: RuleBody) -> AlertRule:
        """Change a rule. Alerts that the new one still means go on."""
        return AlertRule.model_validate(rules.replace(caller, rule_id, document))

    @router.post("/{rule_id:path}/pause")
    def pause_alert_rule(caller: Operator, rule_id: str) -> AlertRule:
        """Pause a rule: what it fires is resolved, and it is not evaluated."""
        return AlertRule.model_validate(rules.pause(caller.project, rule_id, is_paused=True))

    @router.post("/{rule_id:path}/resume")
    def resume_alert_rule(caller: Operator, rule_id: str) -> AlertRule:
        """Evaluate a paused rule again."""
        return AlertRule.model_validate(rules.pause(caller.project, rule_id, is_paused=False))

    @router.delete("/{rule_id:path}", status_code=204)
    def remove_alert_rule(caller: Operator, rule_id: str) -> None:
        """Remove a rule; what it fires is resolved."""
        rules.remove(caller.project, rule_id)


def _moment(at_ns: int | None) -> datetime:
    if at_ns is None:
        raise InvalidRequestError("A preview needs a start and an end.")
    return EPOCH + timedelta(microseconds=at_ns // 1_000)
