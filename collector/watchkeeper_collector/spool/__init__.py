"""The durable spool between the doors and the store."""

from watchkeeper_collector.spool.dead_letters import DeadLetter, DeadLetters
from watchkeeper_collector.spool.drain import Drain
from watchkeeper_collector.spool.segment import opened_ns
from watchkeeper_collector.spool.sink import SegmentSink
from watchkeeper_collector.spool.spool import Spool
from watchkeeper_collector.spool.stats import SpoolStats

__all__ = ["DeadLetter", "DeadLetters", "Drain", "SegmentSink", "Spool", "SpoolStats", "opened_ns"]
