"""The operator's file as it is written: Alertmanager's shape."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from watchkeeper_collector.alerts.notify.channels.alertmanager import Alertmanager
from watchkeeper_collector.alerts.notify.channels.apprise_service import AppriseService
from watchkeeper_collector.alerts.notify.channels.channel import Channel
from watchkeeper_collector.alerts.notify.channels.heartbeat import Heartbeat
from watchkeeper_collector.alerts.notify.channels.mail import Mail
from watchkeeper_collector.alerts.notify.channels.pagerduty import PagerDuty
from watchkeeper_collector.alerts.notify.channels.slack import Slack
from watchkeeper_collector.alerts.notify.channels.teams import Teams
from watchkeeper_collector.alerts.notify.channels.webhook import Webhook
from watchkeeper_collector.alerts.notify.routing.matchers import read_matchers
from watchkeeper_collector.alerts.notify.routing.time_intervals import (
    read_days_of_month,
    read_minutes,
    read_months,
    read_weekdays,
    read_years,
    read_zone,
)
from watchkeeper_collector.alerts.rules.durations import read_duration_s
from watchkeeper_collector.errors import InvalidRequestError

SUFFIX = "_configs"


def checked(read: Any) -> AfterValidator:
    """A validator that keeps the text, and has ``read`` say what is wrong with it."""

    def check(text: str) -> str:
        try:
            read(text)
        except InvalidRequestError as error:
            raise ValueError(error.message) from None
        return text

    return AfterValidator(check)


Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^/\x00-\x1f\x7f]+$")]
Duration = Annotated[str, checked(read_duration_s)]
MatcherText = Annotated[str, Field(max_length=4096), checked(lambda text: read_matchers([text]))]
Strict = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=False)


class ReceiverDocument(BaseModel):
    """A receiver: a name, and any number of channels of each kind."""

    model_config = Strict

    name: Name
    pagerduty_configs: tuple[PagerDuty, ...] = ()
    alertmanager_configs: tuple[Alertmanager, ...] = ()
    webhook_configs: tuple[Webhook, ...] = ()
    slack_configs: tuple[Slack, ...] = ()
    teams_configs: tuple[Teams, ...] = ()
    email_configs: tuple[Mail, ...] = ()
    heartbeat_configs: tuple[Heartbeat, ...] = ()
    apprise_configs: tuple[AppriseService, ...] = ()

    def channels(self) -> Iterator[Channel]:
        for name in type(self).model_fields:
            if name.endswith(SUFFIX):
                yield from getattr(self, name)


class RouteDocument(BaseModel):
    """A node of the tree of routes; what it leaves out is its parent's."""

    model_config = Strict

    receiver: Name | None = None
    matchers: tuple[MatcherText, ...] = ()
    group_by: tuple[str, ...] | None = None
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None
    does_continue: Annotated[bool, Field(alias="continue")] = False
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    routes: tuple["RouteDocument", ...] = ()


class InhibitDocument(BaseModel):
    """While one alert fires, others say nothing."""

    model_config = Strict

    source_matchers: Annotated[tuple[MatcherText, ...], Field(min_length=1)]
    target_matchers: Annotated[tuple[MatcherText, ...], Field(min_length=1)]
    equal: tuple[str, ...] = ()


DEFAULT_INHIBITIONS = (
    InhibitDocument(
        source_matchers=('alertname=~"ProviderOutage|ProviderOutageRecently"',),
        target_matchers=('alertname=~"ErrorRateHigh|ErrorBudgetFastBurn|ErrorBudgetSlowBurn"',),
        equal=("environment", "provider"),
    ),
)
"""Where nothing is said about it: what follows from an outage of a provider is no second page."""


class TimesDocument(BaseModel):
    """Hours of a day."""

    model_config = Strict

    start_time: str
    end_time: str


def _check_times(times: TimesDocument) -> TimesDocument:
    try:
        read_minutes(times.start_time, times.end_time)
    except InvalidRequestError as error:
        raise ValueError(error.message) from None
    return times


class SpanDocument(BaseModel):
    """A part of a time interval: all that is given must hold."""

    model_config = Strict

    times: tuple[Annotated[TimesDocument, AfterValidator(_check_times)], ...] = ()
    weekdays: tuple[Annotated[str, checked(read_weekdays)], ...] = ()
    days_of_month: tuple[Annotated[str, checked(read_days_of_month)], ...] = ()
    months: tuple[Annotated[str, checked(read_months)], ...] = ()
    years: tuple[Annotated[str, checked(read_years)], ...] = ()
    location: Annotated[str, checked(read_zone)] = "UTC"


class IntervalDocument(BaseModel):
    """A time interval: any of its parts may hold."""

    model_config = Strict

    name: Name
    time_intervals: tuple[SpanDocument, ...]


class FileDocument(BaseModel):
    """The whole file."""

    model_config = Strict

    route: RouteDocument
    receivers: tuple[ReceiverDocument, ...] = ()
    inhibit_rules: tuple[InhibitDocument, ...] = DEFAULT_INHIBITIONS
    time_intervals: tuple[IntervalDocument, ...] = ()


def name_channel_fields(receiver: Mapping[str, Any]) -> Iterator[tuple[str, str, int, dict[str, Any]]]:
    """Field, kind, place and content of each channel in a receiver as it was read."""
    for field, channels in receiver.items():
        if field.endswith(SUFFIX) and isinstance(channels, list):
            for place, channel in enumerate(channels):
                if isinstance(channel, dict):
                    yield field, field.removesuffix(SUFFIX), place, channel
