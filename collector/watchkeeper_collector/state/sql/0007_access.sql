-- Who did what: entries that are only ever added, each with a hash over itself and the one before it. A project
-- has a chain of its own, so that nobody learns from gaps in its numbers that there are others. The head is
-- where a chain ends: its row is what writers wait for each other at.
CREATE TABLE audit_entries (
    project TEXT NOT NULL,
    number BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    source TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (project, number)
);

CREATE TABLE audit_heads (
    project TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash TEXT NOT NULL
);

-- What one key may send a second, where that is not what the settings say for all.
ALTER TABLE api_keys ADD COLUMN spans_per_s DOUBLE PRECISION;

ALTER TABLE api_keys ADD COLUMN bytes_per_s DOUBLE PRECISION;
