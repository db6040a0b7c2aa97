"""OTLP receivers over HTTP and gRPC: limits, validation, one handling path."""
