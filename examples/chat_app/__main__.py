"""A chat application: FastAPI, answers that are streamed, sessions, and a thumb that becomes a score.

python -m examples.chat_app          # then open the address that it prints
"""

import json
import sys
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import uvicorn
import watchkeeper
from fastapi import FastAPI
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel

from examples.model_server import MODEL, connect

SYSTEM = {"role": "system", "content": "You are the clerk of a shop. Be brief and friendly."}
PAGE = Path(__file__).with_name("page.html")

app = FastAPI(title="Shop chat")
client = openai.AsyncOpenAI(**connect())
histories: dict[str, list[Any]] = defaultdict(list)


class Question(BaseModel):
    text: str
    session: str
    user: str = "guest"


class Feedback(BaseModel):
    trace_id: str
    is_helpful: bool


@app.get("/")
def page() -> FileResponse:
    return FileResponse(PAGE)


@app.post("/chat")
def chat(question: Question) -> StreamingResponse:
    """Lines of JSON: the trace's id first, then pieces of the answer."""
    return StreamingResponse(lines(question), media_type="application/x-ndjson")


@app.post("/feedback", status_code=204)
def feedback(given: Feedback) -> None:
    watchkeeper.score(float(given.is_helpful), name="helpful", trace_id=given.trace_id)


async def lines(question: Question) -> AsyncIterator[str]:
    labels = {"session": question.session, "user": question.user, "feature": "chat"}
    with watchkeeper.context(**labels, prompt=("clerk", "v1")):
        async for piece in answer(question.session, question.text):
            yield json.dumps(piece) + "\n"


@watchkeeper.trace(name="chat")
async def answer(session: str, text: str) -> AsyncIterator[dict[str, str | None]]:
    """The trace begins here; the call to the model is its child."""
    yield {"trace_id": watchkeeper.current_trace_id()}
    history = histories[session]
    history.append({"role": "user", "content": text})
    said = ""
    async for piece in await ask([SYSTEM, *history]):
        if words := piece.choices and piece.choices[0].delta.content:
            said += words
            yield {"text": words}
    history.append({"role": "assistant", "content": said})


async def ask(messages: list[Any]) -> Any:
    options = {"include_usage": True}  # else OpenAI tells no tokens of a stream
    return await client.chat.completions.create(
        model=MODEL, messages=messages, stream=True, stream_options=options
    )


def main() -> None:
    handle = watchkeeper.instrument(service_name="shop-chat", capture="all", release="1.0.0")
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8900
    print(f"Open http://127.0.0.1:{port}/ (a session of yours: {uuid.uuid4()}).", flush=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
    handle.shutdown()


if __name__ == "__main__":
    main()
