"""Microsoft Teams, by a workflow's webhook and an adaptive card of 28 KB at the most.

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, SecretStr

from watchkeeper_collector.alerts.notify.channels.channel import (
    HttpChannel,
    Pace,
    check_secret_url,
    read_answer,
)
from watchkeeper_collector.alerts.notify.message import Answer, Message, Outcome, Request, Retry
from watchkeeper_collector.alerts.notify.notification import Alert
from watchkeeper_collector.alerts.notify.wording import cut, describe, identity, message_links, title

MOST_BYTES = 21_000
"""28 KB are documented; less is taken in practice."""
MOST_TEXT_CHARS = 2000
MOST_ACTIONS = 5
COLOURS = {"firing": "Attention", "resolved": "Good", "acknowledged": "Accent"}
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
CARD_TYPE = "application/vnd.microsoft.card.adaptive"
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~<>-])")


class Teams(HttpChannel):
    """``url`` is that of the workflow *When a Teams webhook request is received*."""

    kind: ClassVar[str] = "teams"
    pace: ClassVar[Pace | None] = Pace(4, 1.0)
    hears_acknowledgements: ClassVar[bool] = True

    url: Annotated[SecretStr, AfterValidator(check_secret_url)]

    def build_requests(self, message: Message) -> Sequence[Request]:
        body = render_card(message)
        return (Request(self.url.get_secret_value(), body, {"content-type": "application/json"}),)

    def read_answer(self, answer: Answer) -> Outcome:
        """The older kind of webhook answers 200 and says in the body that it took nothing."""
        if 200 <= answer.status < 300 and b"HTTP error 429" in answer.body:
            return Retry("HTTP 429 within the answer")
        return read_answer(answer)


def render_card(message: Message) -> bytes:
    """With as many alerts as fit."""
    count = len(message.notification.alerts)
    while True:
        card = {"contentType": CARD_TYPE, "contentUrl": None, "content": build_card(message, count)}
        body = json.dumps(
            {"type": "message", "attachments": [card]}, ensure_ascii=False, separators=(",", ":")
        )
        encoded = body.encode("utf-8", "replace")
        if len(encoded) <= MOST_BYTES or count == 0:
            return encoded
        count //= 2


def build_card(message: Message, count: int) -> dict[str, Any]:
    notification = message.notification
    heading = _text(title(notification), size="Medium", weight="Bolder")
    heading["color"] = COLOURS.get(notification.action, "Default")
    left_out = notification.truncated + len(notification.alerts) - count
    more = [_text(f"… and {left_out} more.")] if left_out else []
    actions = [
        {"type": "Action.OpenUrl", "title": cut(text, 50), "url": url}
        for text, url in message_links(message)[:MOST_ACTIONS]
    ]
    return {
        "$schema": SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [heading, *_blocks(notification.alerts[:count]), *more],
        "actions": actions,
    }


def escape(text: str) -> str:
    """Without markup: a card's text is Markdown."""
    return MARKDOWN.sub(r"\\\1", text)


def _blocks(alerts: Sequence[Alert]) -> Iterator[dict[str, Any]]:
    for alert in alerts:
        yield _text(f"{alert.status}: {identity(alert)}", weight="Bolder")
        if said := describe(alert):
            yield _text(said)


def _text(text: str, **style: str) -> dict[str, Any]:
    return {"type": "TextBlock", "wrap": True, "text": escape(cut(text, MOST_TEXT_CHARS)), **style}
