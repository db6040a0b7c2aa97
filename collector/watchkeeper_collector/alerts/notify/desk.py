"""What people do with receivers and routes through the API: look, make, change, test, send again."""

import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from watchkeeper_collector.alerts.documents import explain
from watchkeeper_collector.alerts.notify.book import ReceiverBook
from watchkeeper_collector.alerts.notify.channels.catalogue import CHANNELS, secret_fields
from watchkeeper_collector.alerts.notify.channels.channel import Channel
from watchkeeper_collector.alerts.notify.channels.heartbeat import Heartbeat
from watchkeeper_collector.alerts.notify.configuration import Receiver, Target
from watchkeeper_collector.alerts.notify.document import RouteDocument
from watchkeeper_collector.alerts.notify.message import Delivered
from watchkeeper_collector.alerts.notify.notification import Notification, build_key
from watchkeeper_collector.alerts.notify.planning import Planned
from watchkeeper_collector.alerts.notify.router import TRIED_FOR, build_delivery
from watchkeeper_collector.alerts.notify.sending.sender import WORDS, Sender
from watchkeeper_collector.alerts.notify.vault import Vault
from watchkeeper_collector.alerts.notify.worker import build_test
from watchkeeper_collector.errors import ConflictError, InvalidRequestError, NotFoundError
from watchkeeper_collector.state.deliveries import Deliveries
from watchkeeper_collector.state.notification_records import Attempt, Delivery, ReceiverRecord, RouteRecord
from watchkeeper_collector.state.records import Records

MOST_RECORDS = 1000
ROUTE_FIELDS = (
    "matchers", "group_by", "group_wait", "group_interval", "repeat_interval",
)  # fmt: skip
Fields = Mapping[str, Any]


class ReceiverDesk:
    """Receivers and routes of projects. Those of the operator's file are looked at and tested only."""

    def __init__(
        self,
        book: ReceiverBook,
        receivers: Records[ReceiverRecord],
        routes: Records[RouteRecord],
        *,
        ledger: Deliveries,
        vault: Vault,
        sender: Sender,
        now: Callable[[], datetime],
    ) -> None:
        self._book = book
        self._receivers = receivers
        self._routes = routes
        self._ledger = ledger
        self._vault = vault
        self._sender = sender
        self._now = now

    # --- receivers

    def all(self, projects: Collection[str]) -> list[Fields]:
        """All receivers of the projects (empty: the operator's), with how their targets do."""
        self._book.refresh()
        found = self._book.current().receivers.values()
        health = {uid: asdict(one) for uid, one in self._ledger.health().items()}
        return [_show(one, health) for one in found if one.project in projects]

    def get(self, projects: Collection[str], name: str) -> Fields:
        """Raises ``NotFoundError``."""
        found = [one for one in self.all(projects) if one["name"] == name]
        if not found:
            raise _unknown(name)
        return found[-1]

    def create(self, project: str, caller: str, name: str, kind: str, fields: Fields) -> Fields:
        """Raises ``InvalidRequestError`` with all that is wrong, ``ConflictError`` for a name taken."""
        channel = _read_channel(kind, fields)
        self._receivers.add(project, caller, self._row(project, name, channel))
        return self.get([project], name)

    def replace(self, project: str, name: str, kind: str, fields: Fields) -> Fields:
        """Secrets that are left out stay what they were, if the kind does."""
        record = self._record(project, name)
        kept = self._vault.open(record.secrets, project) if record.kind == kind else {}
        channel = _read_channel(kind, {**kept, **fields})
        self._receivers.replace(project, record.id, self._row(project, name, channel))
        return self.get([project], name)

    def remove(self, project: str, name: str) -> None:
        """Raises ``ConflictError`` while a route leads to it."""
        record = self._record(project, name)
        used = [route.name for route in self.routes(project) if route.receiver == name]
        if used:
            raise ConflictError(
                f"The route '{used[0]}' leads to the receiver '{name}'. Remove or change the route first."
            )
        self._receivers.remove(project, record.id)

    def test(self, projects: Collection[str], name: str) -> list[Delivery]:
        """Send a test to every target at once, and keep what came of it in the ledger."""
        deliveries: list[Delivery] = []
        for target in self._find(projects, name).targets:
            at = self._now()
            for notification in _tests(target, at):
                deliveries.append(self._send_test(target, notification, at))
                if deliveries[-1].state != "delivered":
                    break
        return deliveries

    def enable(self, projects: Collection[str], name: str) -> Fields:
        """Send again to targets that asked for no more."""
        receiver = self._find(projects, name)
        for target in receiver.targets:
            self._ledger.enable(target.uid)
        return self.get([receiver.project], name)

    def replay(self, projects: Collection[str], delivery_id: str) -> Delivery:
        """Raises ``NotFoundError``, and ``ConflictError`` for what was taken, is on its way, or is over."""
        delivery, now = self._ledger.get(delivery_id, projects), self._now()
        if delivery.action != "resolved" and self._ledger.has_ended(delivery):
            raise ConflictError(
                "What this speaks of has resolved, and the receiver knows: it would open a page that nobody"
                " ends."
            )
        return self._ledger.replay(delivery, now, now + TRIED_FOR)

    # --- routes

    def routes(self, project: str) -> list[RouteRecord]:
        return self._routes.list(project, limit=MOST_RECORDS)

    def create_route(
        self, project: str, caller: str, name: str, receiver: str, fields: Fields
    ) -> RouteRecord:
        """Raises ``InvalidRequestError``, ``NotFoundError`` for the receiver, ``ConflictError``."""
        return self._routes.add(project, caller, self._route_row(project, name, receiver, fields))

    def replace_route(
        self, project: str, route_id: str, name: str, receiver: str, fields: Fields
    ) -> RouteRecord:
        return self._routes.replace(project, route_id, self._route_row(project, name, receiver, fields))

    def remove_route(self, project: str, route_id: str) -> None:
        self._routes.remove(project, route_id)

    def _route_row(self, project: str, name: str, receiver: str, fields: Fields) -> Fields:
        self._record(project, receiver)
        given = {key: value for key, value in fields.items() if key in ROUTE_FIELDS and value is not None}
        _validate(RouteDocument, {**given, "receiver": receiver})
        return {"name": name, "receiver": receiver, "route": json.dumps(given)}

    # --- parts

    def _find(self, projects: Collection[str], name: str) -> Receiver:
        self._book.refresh()
        for project in projects:
            found = self._book.current().receivers.get((project, name))
            if found is not None:
                return found
        raise _unknown(name)

    def _record(self, project: str, name: str) -> ReceiverRecord:
        found = self._receivers.list(project, {"name": name}, limit=1)
        if not found:
            raise _unknown(name)
        return found[0]

    def _row(self, project: str, name: str, channel: Channel) -> Fields:
        hidden = secret_fields(type(channel))
        shown = {key: value for key, value in dump(channel).items() if key not in hidden}
        secrets = {key: value for key, value in dump(channel).items() if key in hidden and value}
        return {
            "name": name,
            "kind": channel.kind,
            "configuration": json.dumps(shown),
            "secrets": self._vault.seal(secrets, project),
        }

    def _send_test(self, target: Target, notification: Notification, at: datetime) -> Delivery:
        """At once and once, past the lanes: somebody is looking."""
        delivery = build_delivery(Planned(target, "test", notification), at, {})
        began_s = time.monotonic()
        outcome = self._sender.send(target.channel, delivery, at)
        problem = "" if isinstance(outcome, Delivered) else outcome.problem
        made = replace(
            delivery,
            state="delivered" if isinstance(outcome, Delivered) else "refused",
            attempts=1,
            problem=problem,
        )
        attempt = Attempt(1, at, time.monotonic() - began_s, WORDS[type(outcome)], problem)
        self._ledger.add_made(made, attempt)
        if not problem:
            self._ledger.enable(target.uid)
        return made


def dump(channel: Channel) -> dict[str, Any]:
    """The fields by their names in files, secrets in clear."""
    fields = channel.model_dump(by_alias=True)
    return {name: _plain(value) for name, value in fields.items()}


def _tests(target: Target, at: datetime) -> list[Notification]:
    if isinstance(target.channel, Heartbeat):
        key = build_key("test", target.uid, at)
        return [Notification(key, target.receiver, target.project, "heartbeat", "test", {}, (), is_test=True)]
    tests = [build_test(target, action, at) for action in ("firing", "resolved")]
    return [test for test in tests if target.channel.hears(test)]


def _read_channel(kind: str, fields: Fields) -> Channel:
    """Raises ``InvalidRequestError``: nothing of what was given is in it."""
    channel = CHANNELS.get(kind)
    if channel is None or channel.is_operators:
        known = ", ".join(name for name, one in CHANNELS.items() if not one.is_operators)
        raise InvalidRequestError(
            f"'{kind[:40]}' is no kind of receiver that can be made. There is: {known}."
        )
    read: Channel = _validate(channel, fields)
    return read


def _validate(model: Any, fields: Fields) -> Any:
    try:
        return model.model_validate(dict(fields))
    except ValidationError as error:
        problems = [
            {
                "where": ".".join(map(str, problem["loc"])),
                "problem": explain({**problem, "input": "…"}, model),
            }
            for problem in error.errors(include_url=False)
        ]
        lines = "; ".join(f"{one['where']}: {one['problem']}" for one in problems)
        raise InvalidRequestError(lines, details={"problems": problems}) from None


def _show(receiver: Receiver, health: Mapping[str, Fields]) -> Fields:
    return {
        "name": receiver.name,
        "project": receiver.project,
        "source": "api" if receiver.record_id else "file",
        "targets": [_show_target(target, health.get(target.uid, {})) for target in receiver.targets],
    }


def _show_target(target: Target, health: Fields) -> Fields:
    hidden = secret_fields(type(target.channel))
    fields = dump(target.channel)
    return {
        "target": target.uid,
        "kind": target.channel.kind,
        "settings": {name: value for name, value in fields.items() if name not in hidden},
        "secrets": sorted(name for name in hidden if fields.get(name)),
        "failing_since": health.get("failing_since"),
        "disabled_at": health.get("disabled_at"),
        "problem": health.get("problem", ""),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, BaseModel):
        return value.model_dump()
    return list(value) if isinstance(value, tuple) else value


def _unknown(name: str) -> NotFoundError:
    return NotFoundError(f"There is no receiver '{name[:100]}' in this project.")
