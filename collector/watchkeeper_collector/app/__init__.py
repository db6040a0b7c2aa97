"""The composition of a collector: which part is handed which other part's functions, and nothing else."""

from watchkeeper_collector.app.backend import build_layout
from watchkeeper_collector.app.collector import Collector, build_collector

__all__ = ["Collector", "build_collector", "build_layout"]
