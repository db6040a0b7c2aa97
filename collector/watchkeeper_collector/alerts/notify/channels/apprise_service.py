"""Everything else, by Apprise: some 150 services by URL. It can't page: it knows neither keys nor resolution.

It makes its own connections, which nobody looks at: only the operator's file may name it.
"""

import logging
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, SecretStr

from watchkeeper_collector.alerts.notify.channels.channel import Channel
from watchkeeper_collector.alerts.notify.message import Delivered, Message, Outcome, Refused, Retry
from watchkeeper_collector.alerts.notify.sending.egress import Egress
from watchkeeper_collector.alerts.notify.wording import plain_text, title

KINDS = {"firing": "failure", "resolved": "success"}
MISSING = 'Receivers of this kind need another package: pip install "watchkeeper[server,apprise]".'


def _check_service(url: SecretStr) -> SecretStr:
    if "://" not in url.get_secret_value():
        raise ValueError("This is no address of a service. Expected one as Apprise documents it: name://…")
    return url


class AppriseService(Channel):
    """``url`` is the service's, as Apprise documents it."""

    kind: ClassVar[str] = "apprise"
    is_operators: ClassVar[bool] = True

    url: Annotated[SecretStr, AfterValidator(_check_service)]

    def send(self, message: Message, egress: Egress) -> Outcome:
        del egress
        try:
            apprise = _load()
        except ImportError:
            return Refused(MISSING)
        service = apprise.Apprise()
        if not service.add(self.url.get_secret_value()):
            return Refused("Apprise knows no service of this address. See its list of supported services.")
        kind = KINDS.get(message.notification.action, "info")
        is_taken = service.notify(
            title=title(message.notification), body=plain_text(message), notify_type=kind, body_format="text"
        )
        return Delivered() if is_taken else Retry("Apprise could not send it, and does not say why.")


def _load() -> Any:
    """Its log may hold addresses, which are secrets: it is not listened to."""
    import apprise  # noqa: PLC0415 - an extra

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    return apprise
