"""The states of alerts: a pure machine, and the worker that turns it."""
