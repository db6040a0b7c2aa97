"""What the SDK adds to one call of the real OpenAI client, beside a span written by hand with OpenTelemetry.

python benchmarks/sdk_overhead.py [--rounds 5] [--calls 300] [--json FILE]

The client talks to a transport in the same process, so that its own cost is small and constant: 2 kB of
prompt, 1 kB of answer, or 200 streamed chunks. Every variant runs in a process of its own, which measures
itself before and after the variant is switched on; rounds of the variants alternate, and medians are shown.
CPU time is divided by that of a fixed piece of work done beside each call, because a shared machine's cores
change their speed.

``nothing`` switches nothing on: its row is the noise of the method. ``by hand`` is the floor of anything
that is built on OpenTelemetry: one span with both messages as JSON, a batch processor, the OTLP exporter.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from time import process_time_ns, sleep, thread_time_ns
from typing import Any

CHUNKS = 200
BARE_CHUNKS = 100_000
MODES = ("sync", "async", "stream")


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
HEAD = {"id": "chatcmpl-1", "created": 1700000000, "model": "gpt-4o-2024-08-06"}
USAGE = {"prompt_tokens": 500, "completion_tokens": 250, "total_tokens": 750}


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
    return [b"data: " + json.dumps({**head, **body}).encode() + b"\n\n" for body in bodies] + [
        b"data: [DONE]\n\n"
    ]


# What is compared.


def nothing(endpoint: str) -> Callable[[], Any]:
    return lambda: endpoint


def ours(endpoint: str, **settings: Any) -> Callable[[], Any]:
    """As installed by default, without the price table."""
    modules: dict[str, Any] = sys.modules
    modules["genai_prices"] = None  # what an import finds when it isn't there
    return pricing(endpoint, **settings)


def pricing(endpoint: str, **settings: Any) -> Callable[[], Any]:
    import watchkeeper

    return watchkeeper.instrument(endpoint=endpoint, capture="all", **settings).shutdown


def redacting(endpoint: str) -> Callable[[], Any]:
    return ours(endpoint, redact=lambda text: text.replace("secret", "[secret]"))


def by_hand(endpoint: str) -> Callable[[], Any]:
    """The floor."""
    from openai.resources.chat import completions
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "bench"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    tracer = provider.get_tracer("by hand")
    create, create_async = completions.Completions.create, completions.AsyncCompletions.create

    def begin(asked: dict[str, Any]) -> Any:
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": asked["model"],
            "server.address": "127.0.0.1",
            "gen_ai.input.messages": json.dumps(asked["messages"]),
        }
        return tracer.start_span("chat", attributes=attributes)

    def finish(span: Any, answer: str, response: Any = None) -> None:
        span.set_attribute("gen_ai.output.messages", json.dumps([{"role": "assistant", "content": answer}]))
        if response is not None:
            usage = response.usage
            span.set_attributes({"gen_ai.response.model": response.model, "gen_ai.response.id": response.id,
                                 "gen_ai.usage.input_tokens": usage.prompt_tokens,
                                 "gen_ai.usage.output_tokens": usage.completion_tokens})  # fmt: skip
        span.end()

    def create_traced(self: Any, **asked: Any) -> Any:
        span = begin(asked)
        response = create(self, **asked)
        if asked.get("stream"):
            return follow(span, response)
        finish(span, response.choices[0].message.content, response)
        return response

    def follow(span: Any, stream: Any) -> Iterator[Any]:
        texts = []
        for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                texts.append(chunk.choices[0].delta.content)
            yield chunk
        finish(span, "".join(texts))

    async def create_traced_async(self: Any, **asked: Any) -> Any:
        span = begin(asked)
        response = await create_async(self, **asked)
        finish(span, response.choices[0].message.content, response)
        return response

    completions.Completions.create = create_traced  # type: ignore[method-assign]
    completions.AsyncCompletions.create = create_traced_async  # type: ignore[method-assign]
    return provider.shutdown


VARIANTS: dict[str, Callable[[str], Callable[[], Any]]] = {
    "nothing": nothing,
    "by hand": by_hand,
    "watchkeeper": ours,
    "watchkeeper, redacting": redacting,
    "watchkeeper[prices]": pricing,
}


# One process: the client alone, then with the variant.


def calibrate() -> int:
    """CPU nanoseconds of a fixed piece of work of an instrumentation's kind, about 100 microseconds."""
    started = thread_time_ns()
    for _ in range(4):
        copied = json.loads(json.dumps({"messages": MESSAGES[0], "numbers": [1, 2, 3]}))
        [len(text) for text in map(str, copied.values()) for _ in range(40)]
    return thread_time_ns() - started


class Bench:
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
        """CPU of one call in units of the calibration, and microseconds of the calibration."""
        if mode == "async":
            costs = asyncio.run(self._measure_async(calls))
        elif mode == "stream":
            costs = [self._cost_of_stream() for _ in range(max(10, calls // 10))]
        else:
            costs = [self._cost(lambda: self.ask(self.client)) for _ in range(calls)]
        warm = costs[len(costs) // 10 :]
        return statistics.median(own / unit for own, unit in warm), statistics.median(
            u for _, u in warm
        ) / 1e3

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
        for number, _ in enumerate(
            self.ask(self.client, stream=True, stream_options={"include_usage": True})
        ):
            if number % 25 == 12:
                units.append(calibrate())
        return thread_time_ns() - started - sum(units), statistics.mean(units)


def run_child(variant: str, endpoint: str, calls: int) -> dict[str, Any]:
    bench = Bench()
    before = {mode: bench.measure(mode, calls) for mode in MODES}
    flush = VARIANTS[variant](endpoint)
    bench.ask(bench.client)  # what is imported with the first call counts as set-up
    sleep(3)
    process_ns, thread_ns = process_time_ns(), thread_time_ns()
    after = {mode: bench.measure(mode, calls) for mode in MODES}
    own_ns = thread_time_ns() - thread_ns
    flush()
    made = calls * 2 + max(10, calls // 10)
    return {
        "added": {mode: after[mode][0] - before[mode][0] for mode in MODES},
        "unit_us": statistics.median(unit for _, unit in after.values()),
        "background_us": (process_time_ns() - process_ns - own_ns) / made / 1e3,
    }


def measure_bare_chunk_us() -> float:
    """What a chunk costs in our wrapper alone, reader included, from 100,000 of them."""
    from openai.types.chat import ChatCompletionChunk
    from watchkeeper.guard import Guard
    from watchkeeper.providers.openai import chat
    from watchkeeper.streams import Record, observed

    class Silent:
        def complete(self) -> None: ...
        def break_off(self) -> None: ...
        def abandon(self) -> None: ...
        def fail(self, error: BaseException) -> None: ...

    body: dict[str, Any] = {
        **HEAD,
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": "word"}}],
    }
    chunk = ChatCompletionChunk.model_validate(
        {**body, "choices": [{**body["choices"][0], "finish_reason": None}]}
    )

    def drain(stream: Any) -> int:
        started = thread_time_ns()
        for _ in stream:
            pass
        return thread_time_ns() - started

    bare = [drain(chunk for _ in range(BARE_CHUNKS)) for _ in range(3)]
    record = Record(chat.read_chunk, limit_bytes=1 << 20)
    seen = [drain(observed((chunk for _ in range(BARE_CHUNKS)), record, Silent(), Guard())) for _ in range(3)]
    return (min(seen) - min(bare)) / BARE_CHUNKS / 1e3


SETUPS = {
    "nothing": "pass",
    "by hand": "sys.path.insert(0, {here!r})\nimport sdk_overhead as b\nb.build_floor()",
    "watchkeeper": "import watchkeeper; watchkeeper.instrument(endpoint='http://127.0.0.1:9')",
}


def build_floor() -> Any:
    """OpenTelemetry's own set-up, without a client."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "bench"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint="http://127.0.0.1:9/v1/traces")))
    return provider


REPORT = """
import os, time
memory = [int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")][0]
print(time.process_time() * 1e3, memory / 1024, flush=True)
os._exit(0)
"""


def measure_setup(rounds: int) -> dict[str, tuple[float, float]]:
    """CPU milliseconds since the interpreter started, and MB, beyond a bare interpreter's."""
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in SETUPS}
    for _ in range(rounds + 1):  # the first compiles bytecode
        for name, code in SETUPS.items():
            program = "import sys\n" + code.format(here=str(Path(__file__).parent)) + REPORT
            done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
            cpu, memory = map(float, done.stdout.split())
            results[name].append((cpu, memory))
    medians = {
        name: tuple(statistics.median(column) for column in zip(*rows[1:], strict=True))
        for name, rows in results.items()
    }
    bare = medians["nothing"]
    return {name: (cpu - bare[0], memory - bare[1]) for name, (cpu, memory) in medians.items()}


# All of them.


class Sink(BaseHTTPRequestHandler):
    """Takes anything and throws it away."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


def start_sink() -> tuple[subprocess.Popen[str], str]:
    """In a process of its own, so that its work is nobody's background."""
    sink = subprocess.Popen([sys.executable, __file__, "--sink"], stdout=subprocess.PIPE, text=True)
    assert sink.stdout is not None
    return sink, f"http://127.0.0.1:{sink.stdout.readline().strip()}"


def run_all(rounds: int, calls: int) -> dict[str, Any]:
    sink, endpoint = start_sink()
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in VARIANTS}
    try:
        for _ in range(rounds):
            for name in VARIANTS:
                command = [
                    sys.executable,
                    __file__,
                    "--child",
                    name,
                    "--endpoint",
                    endpoint,
                    "--calls",
                    str(calls),
                ]
                environment = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
                done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
                rows[name].append(json.loads(done.stdout.splitlines()[-1]))
    finally:
        sink.terminate()
        sink.wait()
    return {"calls": rows, "setup": measure_setup(rounds), "bare_chunk_us": measure_bare_chunk_us()}


def render(results: dict[str, Any]) -> str:
    unit = min(row["unit_us"] for rows in results["calls"].values() for row in rows)
    lines = [
        f"Microseconds of CPU; calibration {unit:.0f} us at best; medians (range of the rounds).\n",
        "| variant | sync call | async call | streamed call | per chunk | background, per call |",
        "|---|---|---|---|---|---|",
    ]
    for name, rows in results["calls"].items():
        cells = [_cell([row["added"][mode] * unit for row in rows]) for mode in MODES]
        per_chunk = statistics.median(row["added"]["stream"] for row in rows) * unit / CHUNKS
        background = _cell([row["background_us"] * unit / row["unit_us"] for row in rows])
        lines.append(f"| {name} | {' | '.join(cells)} | {per_chunk:.1f} | {background} |")
    lines += [
        f"\nOne chunk in the bare wrapper, from {BARE_CHUNKS:,}: {results['bare_chunk_us']:.2f} us.\n",
        "| import and set-up | added CPU, ms | added memory, MB |\n|---|---|---|",
    ]
    lines += [f"| {name} | {cpu:.0f} | {memory:.1f} |" for name, (cpu, memory) in results["setup"].items()]
    return "\n".join(lines)


def _cell(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} ({min(values):.0f}..{max(values):.0f})"


def serve_sink() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    print(server.server_address[1], flush=True)
    server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--json", type=Path, help="also write the raw figures there")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--endpoint", help=argparse.SUPPRESS)
    parser.add_argument("--sink", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.sink:
        serve_sink()
    elif given.child:
        print(json.dumps(run_child(given.child, given.endpoint, given.calls)), flush=True)
        os._exit(0)
    else:
        results = run_all(given.rounds, given.calls)
        if given.json:
            given.json.write_text(json.dumps(results))
        print(render(results))


if __name__ == "__main__":
    main()
