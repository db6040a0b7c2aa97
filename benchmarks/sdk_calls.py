"""Calls of the real OpenAI client and what they cost: the part of ``sdk_overhead`` for any environment.

The client talks to a transport in the same process, so that its own cost is small and constant: 2 kB of
prompt, 1 kB of answer, or 200 streamed chunks.
"""

import asyncio
import json
import random
import statistics
from collections.abc import Callable
from itertools import cycle
from time import thread_time_ns
from typing import Any

CHUNKS = 200
MODES = ("sync", "async", "stream")
HEAD = {"id": "chatcmpl-1", "created": 1700000000, "model": "gpt-4o-2024-08-06"}
USAGE = {"prompt_tokens": 500, "completion_tokens": 250, "total_tokens": 750}


def words(seed: int, length: int) -> str:
    """Text without the repetitions that would make compression look good."""
    chance = random.Random(seed)
    letters = "etaoinshrdlucmfwypvbgkqjxz"
    vocabulary = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(400)]
    return " ".join(chance.choices(vocabulary, k=length // 4))[:length]


MESSAGES = [
    [{"role": "system", "content": "You are helpful."}, {"role": "user", "content": words(seed, 2000)}]
    for seed in range(32)
]
ANSWERS = [words(seed, 1000) for seed in range(1000, 1032)]


def completion(answer: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
    return json.dumps({**HEAD, "object": "chat.completion", "choices": [choice], "usage": USAGE}).encode()


def chunks(answer: str) -> list[bytes]:
    step = len(answer) // CHUNKS
    deltas: list[dict[str, Any]] = [
        {"content": answer[number * step : (number + 1) * step]} for number in range(CHUNKS)
    ]
    deltas[0]["role"] = "assistant"
    ends = [None] * (CHUNKS - 1) + ["stop"]
    bodies: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
        for delta, end in zip(deltas, ends, strict=True)
    ]
    bodies.append({"choices": [], "usage": USAGE})
    head = {**HEAD, "object": "chat.completion.chunk"}
    events = [b"data: " + json.dumps({**head, **body}).encode() + b"\n\n" for body in bodies]
    return [*events, b"data: [DONE]\n\n"]


def calibrate() -> int:
    """CPU nanoseconds of a fixed piece of work of an instrumentation's kind, about 100 microseconds."""
    started = thread_time_ns()
    for _ in range(4):
        copied = json.loads(json.dumps({"messages": MESSAGES[0], "numbers": [1, 2, 3]}))
        [len(text) for text in map(str, copied.values()) for _ in range(40)]
    return thread_time_ns() - started


class Calls:
    """The client over its transport."""

    def __init__(self) -> None:
        import openai
        from openai import _base_client

        client: Any = _base_client
        self.http: Any = getattr(client, "httpx2", None) or client.httpx
        self._bodies = cycle([completion(answer) for answer in ANSWERS])
        self._events = cycle([chunks(answer) for answer in ANSWERS[:4]])
        self._messages = cycle(MESSAGES)
        where: dict[str, Any] = {"api_key": "x", "base_url": "http://127.0.0.1:9/v1", "max_retries": 0}
        transport = self.http.MockTransport(self._answer)
        self.client = openai.OpenAI(**where, http_client=self.http.Client(transport=transport))
        transport = self.http.MockTransport(self._answer_async)
        self.async_client = openai.AsyncOpenAI(
            **where, http_client=self.http.AsyncClient(transport=transport)
        )

    def _answer(self, request: Any) -> Any:
        if b'"stream":true' in request.content.replace(b" ", b""):
            events = next(self._events)
            stream = type("Events", (self.http.SyncByteStream,), {"__iter__": lambda _: iter(events)})()
            return self.http.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)
        return self.http.Response(
            200, headers={"content-type": "application/json"}, content=next(self._bodies)
        )

    async def _answer_async(self, request: Any) -> Any:
        return self._answer(request)

    def ask(self, client: Any, **more: Any) -> Any:
        return client.chat.completions.create(
            model="gpt-4o", temperature=0.7, max_tokens=512, messages=next(self._messages), **more
        )

    def measure(self, mode: str, calls: int) -> tuple[float, float]:
        """CPU of one call in units of the calibration, and microseconds of the calibration: medians."""
        if mode == "async":
            costs = asyncio.run(self._measure_async(calls))
        elif mode == "stream":
            costs = [self._cost_of_stream() for _ in range(streams(calls))]
        else:
            costs = [self._cost(lambda: self.ask(self.client)) for _ in range(calls)]
        warm = costs[len(costs) // 10 :]
        relative = statistics.median(own / unit for own, unit in warm)
        return relative, statistics.median(unit for _, unit in warm) / 1e3

    def _cost(self, call: Callable[[], Any]) -> tuple[float, float]:
        started = thread_time_ns()
        call()
        return thread_time_ns() - started, calibrate()

    async def _measure_async(self, calls: int) -> list[tuple[float, float]]:
        costs: list[tuple[float, float]] = []
        for _ in range(calls):
            started = thread_time_ns()
            await self.ask(self.async_client)
            costs.append((thread_time_ns() - started, calibrate()))
        return costs

    def _cost_of_stream(self) -> tuple[float, float]:
        units: list[int] = []
        started = thread_time_ns()
        chunks = self.ask(self.client, stream=True, stream_options={"include_usage": True})
        for number, _ in enumerate(chunks):
            if number % 25 == 12:
                units.append(calibrate())
        return thread_time_ns() - started - sum(units), statistics.mean(units)


def streams(calls: int) -> int:
    """How many streams are read beside so many calls."""
    return max(10, calls // 10)
