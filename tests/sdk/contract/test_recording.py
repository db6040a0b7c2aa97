"""What a call leaves at the collector."""

from collections.abc import Callable
from typing import Any

import pytest
from watchkeeper import Handle

from tests.sdk.collector import Collector, Seen
from tests.sdk.conftest import Watch
from tests.sdk.contract.subjects import Twin, every_call, every_content

SeenBy = Callable[[Handle], list[Seen]]


def facts(span: Seen, twin: Twin) -> dict[str, Any]:
    return {key: span.attributes.get(key) for key in twin.subject.attributes}


@every_call
def test_a_call_becomes_one_span_with_its_facts(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    twin.consume(twin.wire())
    (span,) = seen(handle)
    assert facts(span, twin) == dict(twin.subject.attributes)
    assert not span.is_error
    assert span.name.startswith(twin.subject.title or str(span.attributes["gen_ai.operation.name"]))
    if twin.subject.output:
        assert twin.subject.output in str(span.attributes["gen_ai.output.messages"])


@every_call
def test_a_failed_call_says_why(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch()
    with pytest.raises(Exception, match="slow down") as raised:
        twin.consume(twin.wire(twin.subject.failure))
    (span,) = seen(handle)
    assert span.is_error
    assert span.attributes["error.type"] == twin.subject.failure_type
    (event,) = span.events
    assert event[0] == "exception"
    assert event[1]["exception.message"] == str(raised.value)


@every_call
def test_no_secret_is_on_a_span(twin: Twin, watch: Watch, seen: SeenBy, collector: Collector) -> None:
    handle = watch(api_key="wk-secret-of-ours")
    twin.consume(twin.wire())
    with pytest.raises(Exception, match="slow down"):
        twin.consume(twin.wire(twin.subject.failure))
    texts = "".join(span.texts() for span in seen(handle))
    assert "secret" not in texts
    assert {request.headers["Authorization"] for request in collector.received} == {
        "Bearer wk-secret-of-ours"
    }


@every_call
def test_no_content_is_captured_where_none_is_wanted(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch(capture="none")
    twin.consume(twin.wire())
    (span,) = seen(handle)
    assert "Oslo" not in span.texts()
    assert not {key for key in span.attributes if "messages" in key or "instructions" in key}


@every_content
def test_content_is_redacted(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    handle = watch(redact=lambda text: text.replace("Oslo", "[city]"))
    twin.consume(twin.wire())
    (span,) = seen(handle)
    assert "Oslo" not in span.texts()
    assert span.attributes["watchkeeper.content.redacted"] == "true"


@every_content
def test_content_is_dropped_when_redaction_fails(twin: Twin, watch: Watch, seen: SeenBy) -> None:
    def redact(text: str) -> str:
        raise RuntimeError(text)

    handle = watch(redact=redact, strict=False)
    twin.consume(twin.wire())
    (span,) = seen(handle)
    assert "Oslo" not in span.texts()
    assert span.attributes["watchkeeper.content.redacted"] == "failed"
    assert facts(span, twin) == dict(twin.subject.attributes)


@every_call
def test_every_call_counts_in_the_metrics(twin: Twin, watch: Watch, collector: Collector) -> None:
    handle = watch()
    twin.consume(twin.wire())
    handle.shutdown(10)
    durations = collector.metrics()[twin.subject.duration]
    assert [point.count for point in durations] == [1]
