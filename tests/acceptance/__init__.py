"""What real instrumentations sent, through a running collector, against what it should be read as.

The same comparison is a test for each capture and the table in ``docs/dialects.md``.
"""
