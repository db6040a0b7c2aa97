"""Tests of the dashboard: its pure parts, and its pages against a real collector."""
