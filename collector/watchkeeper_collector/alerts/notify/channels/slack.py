"""Slack, by an incoming webhook and Block Kit: https://docs.slack.dev/reference/block-kit/blocks

At most 50 blocks, 3,000 characters a text, some 13,000 in all, one message a second. Text of others is
escaped, so that it can forge neither links nor mentions.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, SecretStr

from watchkeeper_collector.alerts.notify.channels.channel import HttpChannel, Pace, check_secret_url
from watchkeeper_collector.alerts.notify.message import Message, Request
from watchkeeper_collector.alerts.notify.notification import Alert
from watchkeeper_collector.alerts.notify.wording import cut, describe, identity, message_links, title

MOST_BLOCKS = 50
MOST_TEXT_CHARS = 3000
MOST_HEADER_CHARS = 150
MOST_CHARS = 12_000
MOST_BUTTONS = 5
BUTTON_CHARS = 75
MOST_ALERTS = 40
SIGNS = {"firing": "🔥", "resolved": "✅", "acknowledged": "👀"}


class Slack(HttpChannel):
    """``mention`` is put before what fires: ``<!here>``, ``<@U012AB3CD>``, ``<!subteam^S012AB3CD>``."""

    kind: ClassVar[str] = "slack"
    pace: ClassVar[Pace | None] = Pace(1, 1.0)
    hears_acknowledgements: ClassVar[bool] = True

    url: Annotated[SecretStr, AfterValidator(check_secret_url)]
    mention: Annotated[str, Field(pattern=r"^(<[!@][^<>&\s]{1,100}>\s?){0,5}$")] = ""

    def build_requests(self, message: Message) -> Sequence[Request]:
        text = escape(title(message.notification))
        if self.mention and message.notification.action == "firing":
            text = f"{self.mention} {text}"
        content = {"text": cut_escaped(text, MOST_TEXT_CHARS), "blocks": build_blocks(message, self.mention)}
        body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
        return (Request(self.url.get_secret_value(), body, {"content-type": "application/json"}),)


def build_blocks(message: Message, mention: str = "") -> list[dict[str, Any]]:
    notification = message.notification
    heading = f"{SIGNS.get(notification.action, '')} {title(notification)}".strip()
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(heading, MOST_HEADER_CHARS)}}
    ]
    if mention and notification.action == "firing":
        blocks.append(_section(mention))
    blocks += _alert_blocks(notification.alerts, notification.truncated)
    buttons = [_button(text, url) for text, url in message_links(message)[:MOST_BUTTONS]]
    return [*blocks, *([{"type": "actions", "elements": buttons}] if buttons else [])][:MOST_BLOCKS]


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut_escaped(text: str, most_chars: int) -> str:
    """Cut so that no entity is cut in two."""
    if len(text) <= most_chars:
        return text
    kept = text[: most_chars - 1]
    entity = kept.rfind("&", max(0, len(kept) - 5))
    return (kept[:entity] if entity >= 0 and ";" not in kept[entity:] else kept) + "…"


def _alert_blocks(alerts: Sequence[Alert], truncated: int) -> Iterator[dict[str, Any]]:
    left_chars = MOST_CHARS
    for place, alert in enumerate(alerts):
        text = _render_alert(alert)
        if place >= MOST_ALERTS or len(text) > left_chars:
            truncated += len(alerts) - place
            break
        left_chars -= len(text)
        yield _section(text)
    if truncated:
        yield _section(f"… and {truncated} more.")


def _render_alert(alert: Alert) -> str:
    sign = SIGNS[alert.status]
    text = f"{sign} *{escape(identity(alert)).replace('*', '')}*\n{escape(describe(alert))}"
    return cut_escaped(text.strip(), MOST_TEXT_CHARS)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _button(text: str, url: str) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": cut(text, BUTTON_CHARS)}, "url": url}
