"""LiteLLM's functions for the contract, over OpenAI's real client."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import litellm

from tests.sdk.contract import openai_subjects
from tests.sdk.contract.openai_subjects import CHAT, CHAT_SUBJECT, QUESTION, STREAM_REPLY
from tests.sdk.contract.subject import Subject
from tests.sdk.contract.wire import Reply, Wire

litellm.suppress_debug_info = True
asyncio.run(asyncio.sleep(0))  # after a first run, asyncio makes no loop for plain code, which nobody closes
WARNINGS = (
    "ignore:.*using the `ReadOnly` qualifier:UserWarning",
    "ignore:Accessing the 'model_.*fields' attribute:DeprecationWarning",
)


@dataclass(frozen=True)
class Functions:
    """LiteLLM's functions of one kind, plain or async, over one client."""

    client: Any
    prefix: str

    def __getattr__(self, name: str) -> Any:
        function = getattr(litellm, f"{self.prefix}{name}")
        return lambda **arguments: function(client=self.client, **arguments)


def build(wire: Wire) -> Functions:
    return Functions(openai_subjects.build(wire), "")


def build_async(wire: Wire) -> Functions:
    return Functions(openai_subjects.build_async(wire), "a")


def ask(functions: Any, **more: Any) -> Any:
    return functions.completion(
        model="openai/gpt-4o", messages=QUESTION, temperature=0.5, max_retries=0, **more
    )


def places(name: str) -> tuple[str, ...]:
    return f"litellm:{name}", f"litellm:a{name}", f"litellm.main:{name}", f"litellm.main:a{name}"


def operation(name: str) -> Subject:
    return next(subject for subject in openai_subjects.SUBJECTS if subject.name == name)


WITHOUT_SERVER = {key: value for key, value in CHAT.items() if not key.startswith("server.")}
COMPLETION_SUBJECT = replace(
    CHAT_SUBJECT,
    name="litellm.completion",
    build=build,
    build_async=build_async,
    call=ask,
    seams=places("completion"),
    methods=("litellm:completion", "litellm:acompletion"),
    warnings=WARNINGS,
    attributes={**WITHOUT_SERVER, "gen_ai.request.temperature": 0.5},
    failure_type="litellm.exceptions.RateLimitError",
)
STREAM_SUBJECT = replace(
    COMPLETION_SUBJECT,
    name="litellm.completion.stream",
    call=lambda functions: ask(functions, stream=True, stream_options={"include_usage": True}),
    reply=STREAM_REPLY,
    attributes={
        **WITHOUT_SERVER,
        "gen_ai.response.model": "gpt-4o",
        "gen_ai.request.stream": True,
        "watchkeeper.stream.state": "complete",
    },
    partial_output="In ",
    is_proxied=True,
)
SUBJECTS = [
    COMPLETION_SUBJECT,
    STREAM_SUBJECT,
    replace(
        COMPLETION_SUBJECT,
        name="litellm.embedding",
        faces_faults=False,
        call=lambda functions: functions.embedding(model="text-embedding-3-small", input=["Oslo"]),
        failure=Reply({"error": {"message": "slow down"}}, status=400),  # others are retried, come what may
        failure_type="litellm.exceptions.BadRequestError",
        methods=("litellm:embedding", "litellm:aembedding"),
        reply=operation("openai.embeddings").reply,
        seams=places("embedding"),
        attributes={
            "gen_ai.operation.name": "embeddings",
            "gen_ai.provider.name": "openai",
            "gen_ai.embeddings.dimension.count": 512,
            "gen_ai.usage.input_tokens": 2,
        },
        output=None,
    ),
]
