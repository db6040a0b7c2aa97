"""Measures the collector from outside, as its users would: ``python -m benchmarks --help``.

Every program starts what it measures, on loopback and in a folder that is removed, and ends it.
"""
