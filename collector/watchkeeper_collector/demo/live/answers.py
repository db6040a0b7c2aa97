"""What the bundled models say: the shop's own texts, the same to the same question."""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper_collector.demo.applications import REFUSAL
from watchkeeper_collector.demo.shop import choose_subject, load_shop

CHARS_PER_TOKEN = 3.7
CUT = 0.02
TOOL_USED = 0.75


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a request says, of whichever API: roles and texts, without the system prompt."""

    system: str
    messages: Sequence[tuple[str, str]]
    tools: Sequence[str] = ()
    document_tokens: int = 0

    @property
    def tokens(self) -> int:
        chars = len(self.system) + sum(len(text) for _, text in self.messages) + 400 * len(self.tools)
        return 8 + self.document_tokens + int(chars / CHARS_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class Reply:
    """A text, or a tool to call. ``reason``: stop, length, tool or refusal."""

    reason: str
    text: str = ""
    tool: str = ""
    arguments: Mapping[str, Any] | None = None

    @property
    def tokens(self) -> int:
        said = self.text or json.dumps(self.arguments)
        return 3 + int(len(said) / CHARS_PER_TOKEN)

    @property
    def pieces(self) -> list[str]:
        """The text as a stream brings it, word by word."""
        return [word + " " for word in self.text.split(" ")] if self.text else []


def reply(conversation: Conversation) -> Reply:
    """What the model answers. Order support's newest prompt makes it refuse a fifth of its customers."""
    rng = random.Random(_digest(conversation))  # noqa: S311 - talk, not secrets
    shop = load_shop()
    topic = next((t for t in shop.topics.values() if conversation.system.startswith(t.system)), None)
    subject = choose_subject(rng, shop)
    role, last = conversation.messages[-1] if conversation.messages else ("user", "")
    if conversation.tools and role == "user" and rng.random() < TOOL_USED:
        return Reply("tool", tool=rng.choice(conversation.tools), arguments={"query": last[:80]})
    if topic is None:
        return Reply("stop", json.dumps({"intent": "advice", "confidence": round(rng.uniform(0.7, 1), 2)}))
    if topic.system_addition in conversation.system and rng.random() < topic.refused:
        return Reply("refusal", REFUSAL)
    text = subject.fill(rng.choice(topic.answers))
    return Reply("length", text[: len(text) // 2]) if rng.random() < CUT else Reply("stop", text)


def embedding(text: str, dimensions: int) -> list[float]:
    rng = random.Random(text)  # noqa: S311 - numbers, not secrets
    return [round(rng.uniform(-1, 1), 6) for _ in range(dimensions)]


def _digest(conversation: Conversation) -> str:
    return hashlib.sha256(repr((conversation.system, conversation.messages)).encode()).hexdigest()
