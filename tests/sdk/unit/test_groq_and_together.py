"""What Groq's and Together's clients have of their own."""

from collections.abc import Callable
from typing import Any

from watchkeeper import Handle
from watchkeeper.providers import groq, together

from tests.sdk.collector import Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract import groq_subjects, together_subjects
from tests.sdk.contract.openai_subjects import QUESTION
from tests.sdk.contract.wire import Reply, Wire, events

SeenBy = Callable[[Handle], list[Seen]]


def output(span: Seen) -> str:
    (answer,) = span.content("gen_ai.output.messages")
    return "".join(part.get("content", "") for part in answer["parts"])


def test_a_raw_stream_of_groqs_is_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    subject = groq_subjects.CHAT_SUBJECT
    client = subject.build(subject.wire(groq_subjects.STREAM_REPLY))
    asking = client.chat.completions.with_streaming_response
    with asking.create(model="openai/gpt-oss-20b", messages=QUESTION, stream=True) as response:
        assert list(response.iter_lines())
    (span,) = seen(handle)
    assert (output(span), span.attributes["gen_ai.usage.input_tokens"]) == ("In Norway, of course.", 20)


def test_tools_that_groq_ran_are_recorded(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    ran = {"index": 0, "type": "search", "arguments": '{"query": "Oslo"}', "output": "A city."}
    message = {"role": "assistant", "content": "In Norway.", "executed_tools": [ran]}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    subject = groq_subjects.CHAT_SUBJECT
    subject.call(subject.build(subject.wire(Reply({**groq_subjects.COMPLETION, "choices": [choice]}))))
    (span,) = seen(handle)
    call, result, text = span.content("gen_ai.output.messages")[0]["parts"]
    assert call["server_tool_call"] == {"arguments": {"query": "Oslo"}}
    assert result["server_tool_call_response"] == {"output": "A city."}
    assert text == {"type": "text", "content": "In Norway."}


def test_reasoning_in_a_stream_is_put_together(watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    thought = [groq_subjects.chunk({"reasoning": text}) for text in ("A capital, ", "so Norway.")]
    chunks = [groq_subjects.CHUNKS[0], *thought, *groq_subjects.CHUNKS[1:]]
    subject = groq_subjects.CHAT_SUBJECT
    client = subject.build(subject.wire(Reply(chunks=events(*chunks), content_type="text/event-stream")))
    list(groq_subjects.ask(client, stream=True))
    (span,) = seen(handle)
    assert span.content("gen_ai.output.messages")[0]["parts"] == [
        {"type": "reasoning", "content": "A capital, so Norway."},
        {"type": "text", "content": "In Norway, of course."},
    ]


def test_togethers_own_address_for_chat_is_the_servers(watch: Watch, seen: SeenBy) -> None:
    """Without a base URL, its newest version sends chats to another host than the rest, or to the one."""
    handle = watch()
    wire = Wire(together_subjects.http(), Reply(together_subjects.COMPLETION))
    client = together_subjects.together.Together(api_key="secret", http_client=wire.client())
    together_subjects.ask(client)
    (span,) = seen(handle)
    assert span.attributes["server.address"] == wire.requests[0].url.host
    assert span.attributes["gen_ai.provider.name"] == "together"


def test_a_text_completion_of_togethers_in_a_stream_says_its_text_once() -> None:
    def chunk(text: str, **more: Any) -> dict[str, Any]:
        choice = {"index": 0, "text": text, "delta": {"role": "assistant", "content": text}}
        return {"id": "c-1", "object": "completion.chunk", "choices": [choice], **more}

    folded = together.fold([chunk("In "), chunk("Norway."), chunk("", finish_reason="length")])
    response = together.READERS["/completions"].response(folded)
    assert response.finish_reasons == ["length"]
    assert response.messages[0]["parts"] == [{"type": "text", "content": "In Norway."}]


def test_folding_groqs_stream_gives_the_answer_of_the_plain_call() -> None:
    folded = groq.read_response(groq.fold(groq_subjects.CHUNKS))
    plain = groq.read_response(groq_subjects.COMPLETION)
    assert (folded.messages, folded.usage, folded.id) == (plain.messages, plain.usage, plain.id)
