"""Errors as ``google.rpc.Status``, the form that OTLP answers in on both transports."""

from google.protobuf.duration_pb2 import Duration
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from watchkeeper_collector.errors import OverloadedError, WatchkeeperError

RETRY_AFTER_S = 1.0


def build_status(error: WatchkeeperError) -> Status:
    """The status; one that a retry may cure says after what time."""
    status = Status(code=Code.Value(error.grpc_status), message=error.message)
    if error.is_retryable:
        delay = Duration()
        delay.FromNanoseconds(int(retry_after_s(error) * 1e9))
        status.details.add().Pack(RetryInfo(retry_delay=delay))
    return status


def retry_after_s(error: WatchkeeperError) -> float:
    return error.retry_after_s if isinstance(error, OverloadedError) else RETRY_AFTER_S
