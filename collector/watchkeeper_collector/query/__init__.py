"""Measures, dimensions, filters, time series, traces."""
