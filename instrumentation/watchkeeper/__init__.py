"""Watchkeeper SDK: one line, and every call to a language model is an OpenTelemetry span.

import watchkeeper

watchkeeper.instrument()
"""

from watchkeeper.handle import Handle
from watchkeeper.instrumentation import current_trace_id, instrument, register, score, trace_url
from watchkeeper.labels import context
from watchkeeper.reading import Reader, Request, Response, Usage, message, text_part
from watchkeeper.settings import SettingError, Settings
from watchkeeper.tracing import agent, tool, trace

__all__ = [
    "Handle",
    "Reader",
    "Request",
    "Response",
    "SettingError",
    "Settings",
    "Usage",
    "agent",
    "context",
    "current_trace_id",
    "instrument",
    "message",
    "register",
    "score",
    "text_part",
    "tool",
    "trace",
    "trace_url",
]
