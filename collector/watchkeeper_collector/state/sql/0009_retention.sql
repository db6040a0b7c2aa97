-- How long projects keep what is theirs, where it is not as long as the settings say (nothing: it is again);
-- `shortest_span_days` is the fewest that it ever was: roll-ups of older hours are of spans that are gone. And
-- requests to erase a person or a session. Of an erasure that is done only a hash of whose it was is kept.
CREATE TABLE project_retention (
    project TEXT NOT NULL PRIMARY KEY,
    content_days INTEGER,
    span_days INTEGER,
    log_days INTEGER,
    shortest_span_days INTEGER NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_by TEXT NOT NULL
);

CREATE TABLE erasures (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    phase TEXT NOT NULL,
    report TEXT NOT NULL,
    failure TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE
);

CREATE INDEX erasures_by_project ON erasures (project, created_at);

CREATE TABLE erasure_sweeps (
    erasure_id TEXT NOT NULL,
    collector TEXT NOT NULL,
    report TEXT NOT NULL,
    swept_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (erasure_id, collector)
);

CREATE TABLE collectors (
    name TEXT NOT NULL PRIMARY KEY,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL
);
