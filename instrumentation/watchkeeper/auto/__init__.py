"""Instrumentation of programs that know nothing of it: ``watchkeeper run -- python app.py``.

The program is executed in our place, with a ``sitecustomize`` of ours in front of its path. That waits, in
every Python process the program starts, until a client of a model is imported, and only then loads the SDK.
"""
