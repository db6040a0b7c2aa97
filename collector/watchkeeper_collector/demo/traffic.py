"""Who comes to the shop and when: conversations as a stream of traces in the order of their starts.

Five weeks before the start follow the hours of the day and the days of the week. What goes wrong meanwhile is
told in ``story``.
"""

import heapq
import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from watchkeeper_collector.demo.applications import APPLICATIONS, Message
from watchkeeper_collector.demo.model import Dialogue
from watchkeeper_collector.demo.shop import Subject, Topic, choose_subject, load_shop
from watchkeeper_collector.demo.story import (
    DAY_S,
    HOUR_S,
    NEW_ASSISTANT,
    NEW_SUPPORT,
    OLD_ASSISTANT,
    SPENDER,
    Story,
)
from watchkeeper_collector.demo.trace import CallFailedError, Score, Trace

TOPICS = {"advice": 0.45, "support": 0.35, "search": 0.2}
USERS = 400
PAUSE_S = (15.0, 70.0)
TURNS = {"advice": (1, 7), "support": (1, 4), "search": (1, 2)}
WEEKEND = 0.55
"""Traffic of Saturdays and Sundays, as a share of a working day's."""
SURGE_EVERY_S = 1500.0
DOCUMENT_TOKENS = (35_000, 70_000)
FEEDBACK_GIVEN, EVALUATED = 0.15, 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """How much traffic there was in the days before the start, in Unix seconds."""

    start_s: float
    seed: int = 1
    history_days: int = 35
    traces_per_day: int = 400

    @property
    def begin_s(self) -> float:
        return self.start_s - self.history_days * DAY_S

    @property
    def story(self) -> Story:
        return Story(self.start_s)


class Turn(NamedTuple):
    """The next message of a conversation; turns sort by time."""

    at_s: float
    number: int
    conversation: "Conversation"


@dataclass(slots=True, eq=False)
class Conversation:
    """One customer's session, with the random numbers of its own that it is made from."""

    rng: random.Random
    kind: str
    topic: Topic
    user: str
    session: str
    assistant: str
    subject: Subject
    dialogue: Dialogue
    turns_left: int
    document_tokens: int = 0
    is_first: bool = True

    def next_question(self) -> str:
        texts = self.topic.questions if self.is_first or not self.topic.follow_ups else self.topic.follow_ups
        self.is_first = False
        return self.subject.fill(self.rng.choice(texts))


def generate_traces(plan: Plan) -> Iterator[Trace]:
    """Yield traces by their start, until the plan's."""
    upcoming: list[Turn] = []
    for arrival in heapq.merge(_arrivals(plan), _surge(plan)):
        yield from _answered(plan, upcoming, arrival.at_s)
        heapq.heappush(upcoming, arrival)
    yield from _answered(plan, upcoming, plan.start_s)


def _answered(plan: Plan, upcoming: list[Turn], until_s: float) -> Iterator[Trace]:
    """The turns before a time, with those that follow from them."""
    while upcoming and upcoming[0].at_s < until_s:
        turn = heapq.heappop(upcoming)
        trace = _answer(plan, turn)
        yield trace
        conversation = turn.conversation
        conversation.turns_left -= 1
        if conversation.turns_left:
            pause_s = conversation.rng.uniform(*PAUSE_S)
            heapq.heappush(upcoming, Turn(trace.now_ns / 1e9 + pause_s, turn.number, conversation))


def _arrivals(plan: Plan) -> Iterator[Turn]:
    """First messages of conversations, in order: exponential gaps at the rate of the moment."""
    rng = random.Random(f"arrivals {plan.seed}")  # noqa: S311 - traffic, not secrets
    turns = sum(share * sum(TURNS[kind]) / 2 for kind, share in TOPICS.items())
    at_s = plan.begin_s
    for number in itertools.count():
        at_s += rng.expovariate(plan.traces_per_day / DAY_S * season(at_s) / turns)
        if at_s >= plan.start_s:
            return
        yield Turn(at_s, number, _conversation(plan, number, at_s))


def season(at_s: float) -> float:
    """The traffic of a moment, as a share of the mean's of a working day: quiet at 3, busy at 15 UTC."""
    daily = 1 + 0.8 * math.sin((at_s / HOUR_S % 24 - 9) / 24 * 2 * math.pi)
    is_weekend = (at_s // DAY_S + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    return daily * (WEEKEND if is_weekend else 1.0)


def _surge(plan: Plan) -> Iterator[Turn]:
    """One user's script: a message with a long document, again and again."""
    rng = random.Random(f"surge {plan.seed}")  # noqa: S311 - traffic, not secrets
    begin_s, end_s = plan.story.surge_s
    at_s = max(begin_s, plan.begin_s)
    for number in itertools.count(-1, -1):
        at_s += rng.expovariate(1 / SURGE_EVERY_S)
        if at_s >= end_s:
            return
        conversation = _conversation(plan, number, at_s)
        conversation.kind, conversation.topic = "advice", load_shop().topics["advice"]
        conversation.user, conversation.assistant = SPENDER, NEW_ASSISTANT
        conversation.document_tokens, conversation.turns_left = rng.randint(*DOCUMENT_TOKENS), 1
        yield Turn(at_s, number, conversation)


def _conversation(plan: Plan, number: int, at_s: float) -> Conversation:
    rng = random.Random(f"{plan.seed} {plan.start_s} {number}")  # noqa: S311 - traffic, not secrets
    shop = load_shop()
    kind = rng.choices(list(TOPICS), list(TOPICS.values()))[0]
    topic = shop.topics[kind]
    assistant = NEW_ASSISTANT if rng.random() < plan.story.share_of_new_assistant(at_s) else OLD_ASSISTANT
    is_longer = plan.story.versions(at_s, assistant)[kind == "support"] in (NEW_ASSISTANT, NEW_SUPPORT)
    return Conversation(
        rng=rng,
        kind=kind,
        topic=topic,
        user=f"user-{int(USERS * rng.random() ** 2):03d}",  # some come often
        session=f"s-{rng.randbytes(6).hex()}",
        assistant=assistant,
        subject=choose_subject(rng, shop),
        dialogue=Dialogue(topic.system + (topic.system_addition if is_longer else "")),
        turns_left=rng.randint(*TURNS[kind]),
    )


def _answer(plan: Plan, turn: Turn) -> Trace:
    """The trace of one message. A failed call ends it there, noted on its spans."""
    conversation = turn.conversation
    trace = Trace(conversation.rng, int(turn.at_s * 1e9))
    message = Message(
        user=conversation.user,
        session=conversation.session,
        versions=plan.story.versions(turn.at_s, conversation.assistant),
        subject=conversation.subject,
        topic=conversation.topic,
        question=conversation.next_question(),
        dialogue=conversation.dialogue,
        conditions=partial(plan.story.conditions, turn.at_s),
        document_tokens=conversation.document_tokens,
    )
    try:
        APPLICATIONS[conversation.kind](trace, message)
    except CallFailedError:
        conversation.turns_left = 1  # the customer gives up
    judge(trace, conversation.rng)
    return trace


def judge(trace: Trace, rng: random.Random) -> None:
    """What some customers say of an answer, and what an evaluator thinks of some."""
    finished = [span.attributes.get("gen_ai.response.finish_reasons") for span in trace.spans]
    is_poor = ["content_filter"] in finished or any(span.error for span in trace.spans)
    if rng.random() < FEEDBACK_GIVEN:
        trace.scores.append(Score("helpful", rng.random() < (0.12 if is_poor else 0.88), "feedback"))
    if rng.random() < EVALUATED:
        grade = rng.betavariate(2, 4) if is_poor else rng.betavariate(9, 2)
        trace.scores.append(Score("groundedness", round(grade, 3), "evaluator"))
