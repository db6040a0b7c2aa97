"""What every provider must hold to. A provider is a module here with ``SUBJECTS`` and a line in
``subjects``.
"""
