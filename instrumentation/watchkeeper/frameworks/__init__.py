"""Frameworks over the clients: their agents, chains and tools are recorded by OpenTelemetry instrumentations
that others make, which are turned on and handed our tracer provider.
"""
