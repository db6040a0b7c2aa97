"""Watchkeeper dashboard."""
