-- Notifications: what was said to whom about which alerts, and what people said to that.
--
-- A round of the router takes lines of the outbox and changes alerts, groups and the ledger in one transaction, so
-- a crash repeats a round whole or not at all. A delivery's id is what receivers tell a repetition by.
CREATE TABLE notified_alerts (
    fingerprint TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    status TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    notice TEXT NOT NULL
);

CREATE TABLE notification_groups (
    key TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    flush_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT NOT NULL
);

CREATE INDEX notification_groups_by_time ON notification_groups (flush_at);

CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    receiver TEXT NOT NULL,
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    group_key TEXT NOT NULL,
    action TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    problem TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    next_try_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    notification TEXT NOT NULL
);

CREATE INDEX deliveries_to_make ON deliveries (state, target, next_try_at);
CREATE INDEX deliveries_by_group ON deliveries (target, group_key, id);
CREATE INDEX deliveries_by_project ON deliveries (project, id);

CREATE TABLE delivery_attempts (
    delivery TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    duration_s DOUBLE PRECISION NOT NULL,
    outcome TEXT NOT NULL,
    problem TEXT NOT NULL,
    PRIMARY KEY (delivery, number)
);

CREATE TABLE target_health (
    target TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    receiver TEXT NOT NULL,
    failing_since TIMESTAMP WITH TIME ZONE,
    disabled_at TIMESTAMP WITH TIME ZONE,
    told_at TIMESTAMP WITH TIME ZONE,
    problem TEXT NOT NULL
);

CREATE TABLE silences (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    matchers TEXT NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    author TEXT NOT NULL,
    comment TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL
);

CREATE INDEX silences_by_end ON silences (ends_at);

CREATE TABLE acknowledgements (
    episode TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    author TEXT NOT NULL,
    comment TEXT NOT NULL,
    acknowledged_at TIMESTAMP WITH TIME ZONE NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE
);

CREATE TABLE receivers (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    configuration TEXT NOT NULL,
    secrets TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (project, name)
);

CREATE TABLE notification_routes (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    receiver TEXT NOT NULL,
    route TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (project, name)
);
