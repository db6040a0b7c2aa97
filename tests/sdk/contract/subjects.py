"""Every provider's operations, and how the contract makes calls with either twin of a client."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

import pytest

from tests.sdk.contract import (
    anthropic_subjects,
    azure_subjects,
    bedrock_subjects,
    cohere_subjects,
    google_subjects,
    groq_subjects,
    huggingface_subjects,
    litellm_subjects,
    mcp_subjects,
    mistral_subjects,
    ollama_subjects,
    openai_subjects,
    together_subjects,
)
from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply, Wire

SUBJECTS = [
    *openai_subjects.SUBJECTS,
    *anthropic_subjects.SUBJECTS,
    *google_subjects.SUBJECTS,
    *bedrock_subjects.SUBJECTS,
    *litellm_subjects.SUBJECTS,
    *azure_subjects.SUBJECTS,
    *mcp_subjects.SUBJECTS,
    *groq_subjects.SUBJECTS,
    *together_subjects.SUBJECTS,
    *mistral_subjects.SUBJECTS,
    *cohere_subjects.SUBJECTS,
    *ollama_subjects.SUBJECTS,
    *huggingface_subjects.SUBJECTS,
]
STREAMS = [subject for subject in SUBJECTS if subject.is_stream]


@dataclass(frozen=True)
class Twin:
    """A subject's plain or async client, with which calls are made the same way."""

    subject: Subject
    is_async: bool

    def wire(self, reply: Reply | None = None) -> Wire:
        return self.subject.wire(reply)

    def call(self, wire: Wire) -> Any:
        """What the client returns; a stream unread."""
        if not self.is_async:
            return self.subject.call(self.build(wire))
        return asyncio.run(self._call(wire))

    def consume(
        self, wire: Wire, limit: int | None = None, then: Callable[[Any], Any] | None = None
    ) -> list[Any]:
        """Chunks of the stream, at most ``limit``, after which ``then`` is called with it; an answer as it
        is.
        """
        if self.is_async:
            return asyncio.run(self.consume_async(wire, limit, then))
        result = self.subject.open(self.subject.call(self.build(wire)))
        if not self.subject.is_stream:
            return [result]
        steps = result if hasattr(result, "__next__") else iter(result)
        chunks = list(steps) if limit is None else [steps.__next__() for _ in range(limit)]
        if then:
            then(result)
        return chunks

    async def _call(self, wire: Wire) -> Any:
        return await self.subject.call(self.build_async(wire))

    def build(self, wire: Wire) -> Any:
        assert self.subject.build is not None
        return self.subject.build(wire)

    def build_async(self, wire: Wire) -> Any:
        assert self.subject.build_async is not None
        return self.subject.build_async(wire)

    async def consume_async(
        self, wire: Wire, limit: int | None = None, then: Callable[[Any], Any] | None = None
    ) -> list[Any]:
        result = self.subject.open(await self._call(wire))
        if not self.subject.is_stream:
            return [result]
        if limit is None:
            chunks = [chunk async for chunk in result]
        else:
            chunks = [await result.__anext__() for _ in range(limit)]
        if then and isawaitable(done := then(result)):
            await done
        return chunks


def twins(subjects: list[Subject], kinds: tuple[bool, ...] = (False, True)) -> Any:
    pairs = [
        Twin(subject, is_async)
        for subject in subjects
        for is_async in kinds
        if (subject.build_async if is_async else subject.build)
    ]
    return pytest.mark.parametrize("twin", list(map(_parameter, pairs)))


def _parameter(twin: Twin) -> Any:
    name = f"{twin.subject.name}-{'async' if twin.is_async else 'sync'}"
    return pytest.param(twin, id=name, marks=[*map(pytest.mark.filterwarnings, twin.subject.warnings)])


every_call = twins(SUBJECTS)
every_stream = twins(STREAMS)
every_form = twins([subject for subject in SUBJECTS if subject.faces_faults])
every_content = twins([subject for subject in SUBJECTS if subject.has_content])
every_async_call = twins(SUBJECTS, (True,))
every_subject = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
