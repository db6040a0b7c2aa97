"""Traffic to look at: a shop with assistants, invented, and what real instrumentations sent, replayed.

Everything goes through the collector's own OTLP door, as any sender's would. The same seed and start give the
same bytes.
"""
