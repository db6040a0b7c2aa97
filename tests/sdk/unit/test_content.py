"""What is kept of a call, and in which form."""

import dataclasses
import enum
import types
from typing import Any

import pytest
from watchkeeper.content import is_sampled, reason_to_keep, render
from watchkeeper.media import url_part
from watchkeeper.providers.endpoints import find_endpoint
from watchkeeper.reading import Response, message, text_part
from watchkeeper.redaction import Redaction, without_secrets
from watchkeeper.settings import SettingError, Settings, read_settings
from watchkeeper.snapshot import MAX_BINARY_BYTES, Binary, Snapshot, Vector

NEVER = Settings(capture="sampled", sample_ratio=0.0, slow_s=10, dear_usd=0.5)
FINE = Response(finish_reasons=["stop"], messages=[message("assistant", text_part("In Norway."))])


def reason(settings: Settings = NEVER, response: Response = FINE, **more: Any) -> str | None:
    facts: dict[str, Any] = {"is_error": False, "duration_s": 1.0, "cost_usd": None}
    return reason_to_keep(settings, 1 << 127, response, **{**facts, **more})


@pytest.mark.parametrize(
    ("expected", "facts"),
    [
        (None, {}),
        ("error", {"is_error": True}),
        ("slow", {"duration_s": 10.0}),
        ("dear", {"cost_usd": 0.5}),
        ("truncated", {"response": Response(finish_reasons=["length"])}),
        ("refusal", {"response": Response(finish_reasons=["content_filter"])}),
        (
            "refusal",
            {"response": Response(messages=[message("assistant", {"type": "refusal", "content": "No."})])},
        ),
        ("empty", {"response": Response(messages=[message("assistant", text_part(""))])}),
        ("all", {"settings": Settings(capture="all")}),
        (None, {"settings": Settings(capture="none"), "is_error": True}),
        ("sampled", {"settings": Settings(capture="sampled", sample_ratio=1.0)}),
    ],
)
def test_content_is_kept_for_a_reason(expected: str | None, facts: dict[str, Any]) -> None:
    assert reason(**facts) == expected


def test_sampling_takes_the_share_of_traces_that_is_asked_for() -> None:
    ids = [number * 0x9E3779B97F4A7C15 % (1 << 128) for number in range(10_000)]
    share = sum(is_sampled(trace_id, 0.1) for trace_id in ids) / len(ids)
    assert share == pytest.approx(0.1, abs=0.01)
    assert (is_sampled(0, 0.0), is_sampled((1 << 128) - 1, 1.0)) == (False, True)


class Colour(enum.StrEnum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: int | None = None


def test_a_snapshot_is_plain_and_independent() -> None:
    inner = ["a"]
    value = {
        "list": inner,
        "point": Point(1),
        "colour": Colour.RED,
        "map": types.MappingProxyType({"k": (1, 2)}),
    }
    plain = Snapshot().take(value)
    inner.append("b")
    assert plain == {"list": ["a"], "point": {"x": 1}, "colour": "red", "map": {"k": [1, 2]}}
    assert type(plain["colour"]) is str


def test_a_snapshot_of_endless_things_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    snapshot = Snapshot()
    assert snapshot.take({"loop": loop, "many": [{"n": 1}] * 100_000})
    assert snapshot.weight_bytes < 32 << 20


def test_embeddings_and_large_files_are_kept_by_their_size() -> None:
    vector, binary = Snapshot().take([[0.5] * 1536, b"x" * (MAX_BINARY_BYTES + 1)])
    assert isinstance(vector, Vector)
    assert vector.length == 1536
    assert isinstance(binary, Binary)
    assert binary.size_bytes == MAX_BINARY_BYTES + 1


def test_binary_content_is_described() -> None:
    assert render({"vector": Vector(3), "bytes": b"hello"}, 1000)[0] == (
        '{"vector":{"type":"vector","length":3},"bytes":{"type":"blob","modality":"file","size_bytes":5,'
        '"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}}'
    )


def test_an_address_of_an_image_stays_and_its_data_does_not() -> None:
    assert url_part("image", "https://example.com/a.png")["uri"] == "https://example.com/a.png"
    assert url_part("image", "data:image/gif;base64,aGVsbG8=")["size_bytes"] == 5


def test_redaction_leaves_the_form_alone() -> None:
    redaction = Redaction(lambda text: "X" * len(text))
    value = [
        {"role": "user", "parts": [{"type": "text", "content": "abc"}, {"arguments": {"city": ["Oslo"]}}]}
    ]
    assert redaction.apply(value) == [
        {"role": "user", "parts": [{"type": "text", "content": "XXX"}, {"arguments": {"city": ["XXXX"]}}]}
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Illegal header value b'Bearer sk-proj-abcdef0123456789\\n'",
        "Authorization: Basic dXNlcjpwYXNzd29yZA==",
        "api_key='0123456789abcdef'",
        "Incorrect API key provided: sk-abcdefghijklmnop.",
        "api-key: 0123456789abcdef",
    ],
)
def test_no_secret_stays_in_an_exceptions_text(text: str) -> None:
    assert not {"0123456789", "dXNlcjpwYXNzd29yZA", "abcdefghijklmnop"} & set(
        without_secrets(text).replace("'", " ").replace("\\n", " ").split()
    )
    assert "[SECRET]" in without_secrets(text)


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.openai.com/v1/", "openai"),
        ("https://acme.openai.azure.com/openai/", "azure.ai.openai"),
        ("https://us-east5-aiplatform.googleapis.com/v1", "gcp.vertex_ai"),
        ("https://generativelanguage.googleapis.com/v1beta/openai/", "gcp.gemini"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("http://localhost:11434/v1", "ollama"),
        ("http://127.0.0.1:1234/v1", "lm_studio"),
        ("http://gpu-7.example.com:8000/v1", "gpu-7.example.com"),
        ("https://notapi.openai.com.evil.example/v1", "notapi.openai.com.evil.example"),
    ],
)
def test_a_provider_is_told_by_its_address(url: str, provider: str) -> None:
    assert find_endpoint(url).provider == provider


def test_settings_come_from_arguments_then_ours_then_opentelemetrys() -> None:
    environ = {
        "WATCHKEEPER_ENDPOINT": "https://ours.example/",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://theirs.example",
        "OTEL_SERVICE_NAME": "shop",
        "OTEL_EXPORTER_OTLP_HEADERS": "x-team=search%20one,broken",
        "WATCHKEEPER_SAMPLE_RATIO": "0.5",
        "WATCHKEEPER_PROVIDERS": "openai, anthropic",
    }
    settings = read_settings({"service_name": None, "sample_ratio": 0.25}, environ)
    assert settings.endpoint == "https://ours.example"
    assert settings.service_name == "shop"
    assert settings.headers == {"x-team": "search one"}
    assert settings.sample_ratio == 0.25
    assert settings.providers == ("openai", "anthropic")


def test_wrong_settings_are_told_all_at_once() -> None:
    environ = {"WATCHKEEPER_QUEUE_BYTES": "many", "WATCHKEEPER_CAPTURE": "some"}
    with pytest.raises(SettingError) as raised:
        read_settings({"sample_ratio": 2}, environ)
    assert str(raised.value) == (
        "watchkeeper.instrument(): WATCHKEEPER_CAPTURE is 'some', but one of none, sampled, all is expected. "
        "sample_ratio is 2, but a number from 0 to 1 is expected. "
        "WATCHKEEPER_QUEUE_BYTES is 'many', but a whole number is expected."
    )


def test_the_settings_show_no_secret() -> None:
    settings = Settings(api_key="hunter2", headers={"authorization": "hunter2"}, redact_key="hunter2")
    assert "hunter2" not in repr(settings)
