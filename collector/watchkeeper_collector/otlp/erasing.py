"""Taking what names somebody out of a request that is kept."""

from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REQUESTS: dict[str, tuple[type[Any], str, str, str]] = {
    "traces": (ExportTraceServiceRequest, "resource_spans", "scope_spans", "spans"),
    "logs": (ExportLogsServiceRequest, "resource_logs", "scope_logs", "log_records"),
    "metrics": (ExportMetricsServiceRequest, "resource_metrics", "scope_metrics", "metrics"),
}


def without_name(signal: str, body: bytes, name: str) -> tuple[bytes, int]:
    """The request without what has the name in any of its bytes, and how many items were taken out.

    Nothing is left of one that can't be read.
    """
    wanted = name.encode("utf-8", "surrogatepass")
    if wanted not in body:
        return body, 0
    kind, resources, scopes, items = REQUESTS[signal]
    request = kind()
    try:
        request.ParseFromString(body)
    except DecodeError:
        return b"", 1
    removed = 0
    for resource in getattr(request, resources):
        is_named = wanted in resource.resource.SerializeToString()
        for scope in getattr(resource, scopes):
            listed = getattr(scope, items)
            kept = [] if is_named else [one for one in listed if wanted not in one.SerializeToString()]
            removed += len(listed) - len(kept)
            del listed[:]
            listed.extend(kept)
    rest = request.SerializeToString()
    is_clean = wanted not in rest and any(
        len(getattr(scope, items)) for one in getattr(request, resources) for scope in getattr(one, scopes)
    )
    return (rest if is_clean else b""), max(removed, 1)
