"""Watchkeeper collector: OTLP in, ClickHouse, ask it back."""
