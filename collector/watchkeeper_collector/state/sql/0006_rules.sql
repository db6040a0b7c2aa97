-- Alert rules that people made through the API: each is a document as in a rule file, of one project.
CREATE TABLE alert_rules (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    is_paused INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (project, name)
);
