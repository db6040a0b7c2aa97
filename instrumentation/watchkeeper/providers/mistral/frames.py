"""Answers in the form of OpenAI's responses, whose streams are frames around events."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from watchkeeper.providers.openai import responses
from watchkeeper.reading import Request, mapping
from watchkeeper.snapshot import Plain


def read_request(body: Plain) -> Request:
    request = responses.read_request(body)
    del request.attributes["openai.api.type"]
    return request


def read_chunk(frame: Any) -> str | None:
    return responses.read_chunk(frame.data)


def fold(pieces: Sequence[Plain]) -> Plain:
    return responses.fold([mapping(piece).get("data", piece) for piece in pieces])


RESPONSES = replace(responses.RESPONSES, request=read_request, chunk=read_chunk, fold=fold)
