"""OpenTelemetry's ways to say: record nothing here."""

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, Context, get_current, set_value

PLAIN_KEY = "suppress_instrumentation"
"""What instrumentations of OpenTelemetry's contrib repository use beside the API's own key."""


def is_suppressed() -> bool:
    context = get_current()
    return bool(context.get(_SUPPRESS_INSTRUMENTATION_KEY) or context.get(PLAIN_KEY))


def suppressed() -> Context:
    """The current context with recording suppressed in both ways."""
    return set_value(PLAIN_KEY, value=True, context=set_value(_SUPPRESS_INSTRUMENTATION_KEY, value=True))
