"""Errors in the form that OTLP answers in."""

import pytest
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import RetryInfo
from watchkeeper_collector import errors
from watchkeeper_collector.otlp.status import build_status, retry_after_s


def retry_info(detail: Any) -> RetryInfo:
    info = RetryInfo()
    assert detail.Unpack(info)
    return info


def test_an_error_that_no_retry_cures_has_no_retry_info() -> None:
    status = build_status(errors.RequestTooLargeError("Too large."))
    assert (status.code, status.message, len(status.details)) == (8, "Too large.", 0)


@pytest.mark.parametrize(
    ("error", "code", "seconds"),
    [
        (errors.RateLimitedError("Slow down.", retry_after_s=2.5), 14, 2.5),
        (errors.SpoolFullError("Full.", retry_after_s=30), 14, 30.0),
        (errors.StoreUnavailableError("Away."), 14, 1.0),
    ],
)
def test_an_error_that_a_retry_cures_says_when(
    error: errors.WatchkeeperError, code: int, seconds: float
) -> None:
    status = build_status(error)
    delay = retry_info(status.details[0]).retry_delay
    assert (status.code, delay.seconds + delay.nanos / 1e9, retry_after_s(error)) == (code, seconds, seconds)


def test_every_error_has_a_status() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert all(build_status(kind("x")).code for kind in kinds if issubclass(kind, errors.WatchkeeperError))
