"""Alerts: rules, their evaluation, the states of their series, and notifications."""
