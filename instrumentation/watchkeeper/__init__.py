"""Watchkeeper SDK: instruments LLM clients with OpenTelemetry."""
