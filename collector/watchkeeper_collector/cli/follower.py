"""What is new since the last look, from an API that lists by start: spans come late, and in any order."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from watchkeeper_collector.cli.client import AnswerError, ApiClient

LOOK_AT = 500
REMEMBERED = 20_000
MOST_ANSWERS = 40
Span = Mapping[str, Any]


class Follower:
    """Gives each span once, in the order of arrival. Memory is bounded.

    It looks at the ``LOOK_AT`` newest starts each time: under heavy traffic a span that took very long may
    lie below them when it arrives.
    """

    def __init__(self, client: ApiClient, filter_text: str, look_back: str) -> None:
        self._client = client
        self._filter = filter_text
        self._start = f"-{look_back}"
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def new_spans(self) -> list[Span]:
        """Raises ``AnswerError``."""
        parameters = {"filter": self._filter, "start": self._start, "limit": LOOK_AT}
        found = self._client.get("/api/v1/spans", parameters)["items"]
        new = [span for span in found if (span["trace_id"], span["span_id"]) not in self._seen]
        for span in new:
            self._seen[span["trace_id"], span["span_id"]] = None
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return sorted(new, key=lambda span: (span["received_at"], span["timestamp"]))

    def answers(self, spans: list[Span]) -> dict[str, str]:
        """What was answered, by span id; of the last few traces alone where many came at once.

        Empty for a key that may not see content.
        """
        traces = list(dict.fromkeys(span["trace_id"] for span in reversed(spans)))[:MOST_ANSWERS]
        answers: dict[str, str] = {}
        for trace_id in traces:
            answers |= self._answers_of(trace_id)
        return answers

    def _answers_of(self, trace_id: str) -> dict[str, str]:
        try:
            trace = self._client.get(f"/api/v1/traces/{trace_id}", {"limit": 200})
        except AnswerError as error:
            if error.status == 404:  # its retention ended, or its index is still being written
                return {}
            raise
        return {span["span_id"]: read_answer(span.get("output_messages") or []) for span in trace["spans"]}


def read_answer(messages: list[Mapping[str, Any]]) -> str:
    """The words of an answer; the tools it asks for where it has none."""
    parts = [part for message in messages for part in message.get("parts") or []]
    words = [str(part["content"]) for part in parts if part.get("type") == "text" and part.get("content")]
    wishes = [f"→ {part.get('name') or 'a tool'}" for part in parts if part.get("type") == "tool_call"]
    return " ".join(words or wishes)
