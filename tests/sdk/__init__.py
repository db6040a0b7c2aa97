"""Tests of the SDK: what every provider must hold to, and its parts."""
