"""Who comes to the shop and when: conversations as a stream of traces in the order of their starts.

The day before the start is thin and follows the hours of the day; from the start on it is live. Everything
that goes wrong happens at fixed times around the start, so that there is something to find:

=================  =======================================================================================
9 h before         for 20 minutes OpenAI's rate limit refuses almost half of all calls
6 h before         the assistant's release 1.9.0 gets a quarter of the conversations, 4 h later half of them
4 h before         for half an hour Anthropic is slow, and some calls time out
live               for 40 s in every 10 minutes OpenAI's rate limit again
=================  =======================================================================================
"""

import heapq
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from watchkeeper_collector.demo.applications import APPLICATIONS, NEW_RELEASE, OLD_RELEASE, Message
from watchkeeper_collector.demo.model import Conditions, Dialogue
from watchkeeper_collector.demo.shop import Subject, Topic, choose_subject, load_shop
from watchkeeper_collector.demo.trace import CallFailedError, Trace

HOUR_S = 3600.0
HISTORY_S = 24 * HOUR_S
TOPICS = {"advice": 0.55, "support": 0.25, "search": 0.2}
USERS = 400
LIVE_CYCLE_S = 600.0
PAUSE_S = (15.0, 70.0)
TURNS = {"advice": (1, 7), "support": (1, 4), "search": (1, 2)}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much traffic: traces in the day before the start, and a second from then on. Times are Unix."""

    start_s: float
    seed: int = 1
    history_traces: int = 3000
    traces_per_s: float = 3.0


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
    release: str
    subject: Subject
    dialogue: Dialogue
    turns_left: int
    is_first: bool = True

    def next_question(self) -> str:
        texts = self.topic.questions if self.is_first or not self.topic.follow_ups else self.topic.follow_ups
        self.is_first = False
        return self.subject.fill(self.rng.choice(texts))


def generate_traces(plan: Plan) -> Iterator[Trace]:
    """Yield traces by start, from a day before ``plan.start_s`` on, without end."""
    arrivals = _arrivals(plan)
    upcoming: list[Turn] = []
    arrival = next(arrivals)
    while True:
        while not upcoming or arrival.at_s <= upcoming[0].at_s:
            heapq.heappush(upcoming, arrival)
            arrival = next(arrivals)
        turn = heapq.heappop(upcoming)
        trace = _answer(plan, turn)
        yield trace
        conversation = turn.conversation
        conversation.turns_left -= 1
        if conversation.turns_left:
            pause_s = conversation.rng.uniform(*PAUSE_S)
            heapq.heappush(upcoming, Turn(trace.now_ns / 1e9 + pause_s, turn.number, conversation))


def conditions_at(plan: Plan, at_s: float, provider: str) -> Conditions:
    """How well a provider serves at a time."""
    age_s = at_s - plan.start_s
    if provider == "openai" and -9 * HOUR_S <= age_s < -9 * HOUR_S + 1200:
        return Conditions(rate_limited=0.45)
    if provider == "openai" and age_s >= 0 and 240 <= age_s % LIVE_CYCLE_S < 280:
        return Conditions(rate_limited=0.6)
    if provider == "anthropic" and -4 * HOUR_S <= age_s < -3.5 * HOUR_S:
        return Conditions(timed_out=0.08, slowness=2.5)
    return Conditions()


def _arrivals(plan: Plan) -> Iterator[Turn]:
    """First messages of conversations, in order: exponential gaps at the rate of the moment."""
    rng = random.Random(f"arrivals {plan.seed}")  # noqa: S311 - traffic, not secrets
    at_s = plan.start_s - HISTORY_S
    number = 0
    while True:
        next_s = at_s + rng.expovariate(_conversations_per_s(plan, at_s))
        if at_s < plan.start_s <= next_s:  # the thin day's gap ends where the live rate begins
            next_s = plan.start_s + rng.expovariate(_conversations_per_s(plan, plan.start_s))
        at_s = next_s
        yield Turn(at_s, number, _conversation(plan, number, at_s))
        number += 1


def _conversations_per_s(plan: Plan, at_s: float) -> float:
    turns = sum(share * sum(TURNS[kind]) / 2 for kind, share in TOPICS.items())
    if at_s >= plan.start_s:
        return plan.traces_per_s / turns
    hour = at_s / HOUR_S % 24
    daily = 1 + 0.8 * math.sin((hour - 9) / 24 * 2 * math.pi)  # quiet at 3, busy at 15 (UTC)
    return plan.history_traces / HISTORY_S * daily / turns


def _conversation(plan: Plan, number: int, at_s: float) -> Conversation:
    rng = random.Random(f"{plan.seed} {plan.start_s} {number}")  # noqa: S311 - traffic, not secrets
    shop = load_shop()
    kind = rng.choices(list(TOPICS), list(TOPICS.values()))[0]
    topic = shop.topics[kind]
    release = NEW_RELEASE if rng.random() < _share_of_new_release(plan, at_s) else OLD_RELEASE
    system = topic.system + (topic.system_addition if release == NEW_RELEASE else "")
    return Conversation(
        rng=rng,
        kind=kind,
        topic=topic,
        user=f"user-{int(USERS * rng.random() ** 2):03d}",  # some come often
        session=f"s-{rng.randbytes(6).hex()}",
        release=release,
        subject=choose_subject(rng, shop),
        dialogue=Dialogue(system),
        turns_left=rng.randint(*TURNS[kind]),
    )


def _share_of_new_release(plan: Plan, at_s: float) -> float:
    age_s = at_s - plan.start_s
    if age_s < -6 * HOUR_S:
        return 0.0
    return 0.25 if age_s < -2 * HOUR_S else 0.5


def _answer(plan: Plan, turn: Turn) -> Trace:
    """The trace of one message. A failed call ends it there, noted on its spans."""
    conversation = turn.conversation
    trace = Trace(conversation.rng, int(turn.at_s * 1e9))
    message = Message(
        user=conversation.user,
        session=conversation.session,
        release=conversation.release,
        subject=conversation.subject,
        topic=conversation.topic,
        question=conversation.next_question(),
        dialogue=conversation.dialogue,
        conditions=partial(conditions_at, plan, turn.at_s),
    )
    try:
        APPLICATIONS[conversation.kind](trace, message)
    except CallFailedError:
        conversation.turns_left = 1  # the customer gives up
    return trace
