"""Every provider's operations, and how the contract makes calls with either twin of a client."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.sdk.contract import openai_subjects
from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply, Wire

SUBJECTS = [*openai_subjects.SUBJECTS]
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
            return self.subject.call(self.subject.build(wire))
        return asyncio.run(self._call(wire))

    def consume(
        self, wire: Wire, limit: int | None = None, then: Callable[[Any], Any] | None = None
    ) -> list[Any]:
        """Chunks of the stream, at most ``limit``, after which ``then`` is called with it; an answer as it
        is.
        """
        if self.is_async:
            return asyncio.run(self._consume(wire, limit, then))
        result = self.subject.call(self.subject.build(wire))
        if not self.subject.is_stream:
            return [result]
        chunks = [result.__next__() for _ in range(limit)] if limit is not None else list(result)
        if then:
            then(result)
        return chunks

    async def _call(self, wire: Wire) -> Any:
        return await self.subject.call(self.subject.build_async(wire))

    async def _consume(self, wire: Wire, limit: int | None, then: Callable[[Any], Any] | None) -> list[Any]:
        result = await self._call(wire)
        if not self.subject.is_stream:
            return [result]
        if limit is None:
            chunks = [chunk async for chunk in result]
        else:
            chunks = [await result.__anext__() for _ in range(limit)]
        if then and asyncio.iscoroutine(done := then(result)):
            await done
        return chunks


def twins(subjects: list[Subject]) -> Any:
    pairs = [Twin(subject, is_async) for subject in subjects for is_async in (False, True)]
    names = [f"{twin.subject.name}-{'async' if twin.is_async else 'sync'}" for twin in pairs]
    return pytest.mark.parametrize("twin", pairs, ids=names)


every_call = twins(SUBJECTS)
every_stream = twins(STREAMS)
every_answer = twins([subject for subject in SUBJECTS if not subject.is_stream])
every_form = twins([subject for subject in SUBJECTS if subject.faces_faults])
every_subject = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
