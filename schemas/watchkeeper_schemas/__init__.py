"""Contracts as data: migrations, OTLP messages, conventions."""
