"""Where senders put their keys."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.otlp.caller import read_secrets

from tests.otlp.requests import seeded


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("headers", "secrets"),
    [
        ({}, ()),
        ({"authorization": "Bearer wk-1"}, ("wk-1",)),
        ({"authorization": "bearer   wk-1 "}, ("wk-1",)),
        ({"authorization": "wk-1"}, ("wk-1",)),
        ({"authorization": basic("pk-lf-1:wk-1")}, ("wk-1", "pk-lf-1")),
        ({"authorization": basic("wk-1:")}, ("wk-1",)),
        ({"authorization": basic(":wk-1")}, ("wk-1",)),
        ({"authorization": basic("user:with:colons")}, ("with:colons", "user")),
        ({"x-api-key": "wk-1"}, ("wk-1",)),
        ({"api_key": " wk-1"}, ("wk-1",)),
        ({"api-key": "wk-1"}, ("wk-1",)),
        ({"authorization": "Bearer wk-1", "x-api-key": "wk-1", "api_key": "wk-2"}, ("wk-1", "wk-2")),
        ({"authorization": "", "x-api-key": ""}, ()),
        ({"authorization": "Basic not base64"}, ()),
        ({"authorization": "Digest username=me"}, ()),
    ],
)
def test_keys_are_found_where_senders_put_them(headers: dict[str, str], secrets: tuple[str, ...]) -> None:
    assert read_secrets(headers) == secrets


@seeded
@given(st.text(max_size=40))
def test_any_header_is_read_without_an_error(value: str) -> None:
    assert all(read_secrets({"authorization": value, "x-api-key": value}))
    assert all(read_secrets({"authorization": f"Basic {value}"}))
