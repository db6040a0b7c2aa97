"""Renders the SQL of the views that normalise spans and logs, from the conventions' data files.

``columns.toml`` says which attributes feed a column, ``values.toml`` what spellings mean, ``macros.toml``
holds small expressions; the ``.sql`` templates, one for each leg of the way, put them together.
"""

from watchkeeper_collector.store.conventions.template import Template

__all__ = ["Template"]
