"""How a notification is put into words. Labels and annotations may hold what a model or a user wrote."""

import re
from collections.abc import Iterable, Iterator, Mapping

from watchkeeper_collector.alerts.notify.message import Message
from watchkeeper_collector.alerts.notify.notification import Alert, Notification

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
OWN_LABELS = ("alertname", "project", "severity")
MOST_TITLE_CHARS = 200


def title(notification: Notification) -> str:
    """One line: ``[FIRING:2] ProviderOutage shop: OpenAI fails``."""
    return one_line(f"{_status(notification)} {subject(notification)}", MOST_TITLE_CHARS)


def subject(notification: Notification) -> str:
    """What it is about, whatever its state."""
    labels, said = notification.common_labels, notification.common_annotations
    names = sorted({alert.name for alert in notification.alerts})
    name = labels.get("alertname") or ", ".join(names[:3])
    summary = said.get("summary") or said.get("description") or _rest(labels)
    return " ".join(filter(None, (name, notification.project))) + (f": {summary}" if summary else "")


def describe(alert: Alert) -> str:
    """What is known of one alert, in a line or few."""
    parts = [alert.annotations.get("summary", ""), alert.annotations.get("description", ""), figures(alert)]
    return clean("\n".join(filter(None, parts)))


def figures(alert: Alert) -> str:
    """``value 0.31 (threshold 0.1, calls 1200)``."""
    facts = ", ".join(f"{name} {number(value)}" for name, value in alert.figures.items())
    if alert.value is None:
        return facts
    return f"value {number(alert.value)}" + (f" ({facts})" if facts else "")


def identity(alert: Alert) -> str:
    """Name and labels: ``HighErrorRate model=gpt-5 provider=openai``."""
    return one_line(f"{alert.name} {_rest(alert.labels)}".strip(), 500)


def links(alert: Alert) -> Iterator[tuple[str, str]]:
    """What to open, with a word for it: links of the alert, then its runbook."""
    for name, url in alert.links.items():
        if is_web_address(url):
            yield name.replace("_", " "), url
    for name in ("runbook_url", "runbook", "dashboard_url"):
        if is_web_address(url := alert.annotations.get(name, "")):
            yield name.removesuffix("_url"), url


def message_links(message: Message) -> list[tuple[str, str]]:
    """What a message lets people open, each address once."""
    own = [("Open alerts", message.page_url)] if message.page_url else []
    own += [("Acknowledge", message.acknowledge_url)] if message.acknowledge_url else []
    of_alerts = [link for alert in message.notification.alerts[:5] for link in links(alert)]
    named = {url: (text[:1].upper() + text[1:], url) for text, url in reversed([*own, *of_alerts])}
    return list(reversed(named.values()))


def is_web_address(text: str) -> bool:
    return re.fullmatch(r"https?://[^\s<>\"'|\\]{1,2000}", text) is not None


def plain_text(message: Message) -> str:
    """The whole notification as lines of text."""
    return "\n".join(_lines(message))


def clean(text: str) -> str:
    """Without characters that steer terminals and change the direction of text."""
    return CONTROL.sub("", text).encode("utf-8", "replace").decode("utf-8")


def one_line(text: str, most_chars: int) -> str:
    return cut(clean(" ".join(text.split())), most_chars)


def cut(text: str, most_chars: int) -> str:
    return text if len(text) <= most_chars else f"{text[: max(0, most_chars - 1)]}…"


def number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def details(labels: Mapping[str, str]) -> str:
    return clean(", ".join(f"{name}={value}" for name, value in labels.items()))


def _status(notification: Notification) -> str:
    match notification.action:
        case "firing":
            status = f"FIRING:{len(notification.firing) + notification.truncated}"
        case "acknowledged":
            status = f"ACKNOWLEDGED by {notification.author}" if notification.author else "ACKNOWLEDGED"
        case other:
            status = other.upper()
    return f"[{'TEST ' if notification.is_test else ''}{status}]"


def _rest(labels: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in labels.items() if name not in OWN_LABELS)


def _lines(message: Message) -> Iterator[str]:
    notification = message.notification
    yield title(notification)
    yield from _section("Firing", notification.firing)
    if notification.truncated:
        yield f"… and {notification.truncated} more."
    yield from _section("Resolved", notification.resolved)
    yield ""
    for text, url in message_links(message):
        yield f"{text}: {url}"


def _section(heading: str, alerts: Iterable[Alert]) -> Iterator[str]:
    for place, alert in enumerate(alerts):
        if place == 0:
            yield f"\n{heading}:"
        yield f"- {identity(alert)}"
        yield f"  since {alert.starts_at:%Y-%m-%d %H:%M:%S %Z}"
        for line in describe(alert).splitlines():
            yield f"  {line}"
