"""Notifications, wired: receivers, the router, the lanes, and the routers of the API about them."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from watchkeeper_collector.alerts.notify.acknowledging import Acknowledging
from watchkeeper_collector.alerts.notify.book import ReceiverBook
from watchkeeper_collector.alerts.notify.claim import Claim
from watchkeeper_collector.alerts.notify.desk import ReceiverDesk
from watchkeeper_collector.alerts.notify.health import describe_engine
from watchkeeper_collector.alerts.notify.links import Links
from watchkeeper_collector.alerts.notify.router import Router
from watchkeeper_collector.alerts.notify.routing.matchers import read_matchers
from watchkeeper_collector.alerts.notify.sending.egress import Egress, build_ssl_context, read_proxy
from watchkeeper_collector.alerts.notify.sending.policy import read_policy
from watchkeeper_collector.alerts.notify.sending.sender import Sender
from watchkeeper_collector.alerts.notify.vault import Vault, load_vault
from watchkeeper_collector.alerts.notify.worker import Notifier, utc_now
from watchkeeper_collector.api import acknowledgements, deliveries, receivers, routes, silences
from watchkeeper_collector.api.access import IsOperator
from watchkeeper_collector.errors import InvalidRequestError
from watchkeeper_collector.settings import Settings, load_environment
from watchkeeper_collector.state.keys import Principal
from watchkeeper_collector.state.state import State

LEASE_S = 30.0
KEY_FILE = "receivers.key"


@dataclass(frozen=True, slots=True)
class Notifying:
    """What notifies, and the routers that tell of it."""

    notifier: Notifier
    book: ReceiverBook
    routers: Sequence[APIRouter]

    def start(self) -> None:
        """Raises ``ConfigurationError`` where the file of receivers and routes is wrong."""
        self.book.load()
        self.notifier.start()


def build_notifying(settings: Settings, state: State, is_operator: IsOperator) -> Notifying:
    """Raises ``ConfigurationError``."""
    vault = _build_vault(settings)
    path = settings.alerts_config and settings.alerts_config.absolute()
    book = ReceiverBook(path, load_environment(), state.notifications, vault)
    sender = Sender(
        book, state.deliveries, build_egress(settings),
        Links(settings.public_url, settings.public_api_url, vault), utc_now,
    )  # fmt: skip
    router = Router(state.database, state.alerts, state.notifications, state.deliveries, book)
    lease = state.lease("notifications", ttl_s=LEASE_S)
    notifier = Notifier(
        router,
        state.deliveries,
        book,
        sender,
        may_run=Claim(lease.acquire).holds,
        engine_problem=lambda: describe_engine(state.alerts.evaluations(), utc_now()),
    )
    desk = ReceiverDesk(
        book, state.receivers, state.routes,
        ledger=state.deliveries, vault=vault, sender=sender, now=utc_now,
    )  # fmt: skip
    acknowledging = Acknowledging(
        state.database, state.alerts, state.notifications,
        ledger=state.deliveries, vault=vault, now=utc_now,
    )  # fmt: skip
    sees = _build_sight(is_operator)
    return Notifying(
        notifier,
        book,
        (
            acknowledgements.build_router(acknowledging),
            silences.build_router(state.silences, state.notifications, check_matchers),
            receivers.build_router(desk, sees),
            routes.build_router(desk),
            deliveries.build_router(state.deliveries, desk.replay, sees, _read_json),
        ),
    )


def build_egress(settings: Settings) -> Egress:
    """Raises ``ConfigurationError``."""
    proxy = settings.egress_proxy.get_secret_value()
    if proxy:
        read_proxy(proxy)
    return Egress(
        read_policy(settings.egress_allow),
        proxy,
        build_ssl_context(settings.egress_ca_file),
    )


def check_matchers(texts: Sequence[str]) -> list[str]:
    """As they are kept. Raises ``InvalidRequestError``, also for what an alert without labels matches."""
    matchers = read_matchers(texts)
    if all(matcher.matches({}) for matcher in matchers):
        raise InvalidRequestError("These matchers match every alert. Name at least one label and its value.")
    return [matcher.render() for matcher in matchers]


def _build_vault(settings: Settings) -> Vault:
    chain = settings.chain
    return load_vault(settings.data_dir / KEY_FILE) if chain is None else Vault(chain)


def _build_sight(is_operator: IsOperator) -> Callable[[Principal], Collection[str]]:
    def sees(caller: Principal) -> list[str]:
        return [caller.project, ""] if is_operator(caller) else [caller.project]

    return sees


def _read_json(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found
