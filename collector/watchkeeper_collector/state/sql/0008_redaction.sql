-- What is redacted of a project's telemetry. Each change is a row, so that the version which a span names can
-- be looked up as long as the span lives; the newest one is in force, and an empty document takes the policy back.
CREATE TABLE redaction_policies (
    project TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (project, version)
);

-- The secret under which values are hashed; one row.
CREATE TABLE redaction_secrets (
    name TEXT NOT NULL PRIMARY KEY,
    secret TEXT NOT NULL
);
