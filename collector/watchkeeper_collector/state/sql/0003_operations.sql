-- What people who run an application keep beside its telemetry: which errors are resolved, budgets, saved
-- views, comments. All of it belongs to a project; a row's id is unique in the whole store.
CREATE TABLE error_resolutions (
    project TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    resolved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    resolved_by TEXT NOT NULL,
    PRIMARY KEY (project, fingerprint)
);

CREATE TABLE budgets (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    filter TEXT NOT NULL,
    period TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    limit_usd DOUBLE PRECISION NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (project, name)
);

CREATE TABLE views (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    page TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (project, page, name)
);

CREATE TABLE comments (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    span_id TEXT NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL
);

CREATE INDEX comments_by_trace ON comments (project, trace_id, created_at);
