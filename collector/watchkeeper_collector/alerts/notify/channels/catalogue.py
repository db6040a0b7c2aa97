"""The channels that there are, by their words."""

from collections.abc import Mapping

from pydantic import SecretStr

from watchkeeper_collector.alerts.notify.channels.alertmanager import Alertmanager
from watchkeeper_collector.alerts.notify.channels.apprise_service import AppriseService
from watchkeeper_collector.alerts.notify.channels.channel import Channel
from watchkeeper_collector.alerts.notify.channels.heartbeat import Heartbeat
from watchkeeper_collector.alerts.notify.channels.mail import Mail
from watchkeeper_collector.alerts.notify.channels.pagerduty import PagerDuty
from watchkeeper_collector.alerts.notify.channels.slack import Slack
from watchkeeper_collector.alerts.notify.channels.teams import Teams
from watchkeeper_collector.alerts.notify.channels.webhook import Webhook

CHANNELS: Mapping[str, type[Channel]] = {
    channel.kind: channel
    for channel in (PagerDuty, Alertmanager, Webhook, Slack, Teams, Mail, Heartbeat, AppriseService)
}


def secret_fields(channel: type[Channel]) -> frozenset[str]:
    """The fields that nobody may see, by their names in files."""
    return frozenset(
        field.alias or name
        for name, field in channel.model_fields.items()
        if SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ()))
    )
