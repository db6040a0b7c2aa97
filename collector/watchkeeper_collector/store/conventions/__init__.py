"""Renders the normalising SELECT from the conventions' data files.

``columns.toml`` says which attributes feed a column, ``values.toml`` what spellings mean, ``macros.toml``
how one message of any shape is read; ``normalise.sql`` puts them together.
"""

from watchkeeper_collector.store.conventions.template import Template

__all__ = ["Template"]
