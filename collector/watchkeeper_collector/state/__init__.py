"""The relational store of operational state: small, transactional, and there while ClickHouse is away.

One SQLite file by default, PostgreSQL by URL where several collectors share it. :class:`State` is the way in.
"""
