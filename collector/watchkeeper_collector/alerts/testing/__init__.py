"""Tests of alert rules: what promtool's are, and spans to put in."""
