"""Senders and doors for the tests of OTLP: requests to send, and a collector's doors to send them to."""
