-- Alerts: what the engine knows of every series that an alert is about, and what follows from it.
--
-- A turn of the engine changes all of it in one transaction: instances, the lines of the outbox that notifications
-- are made from, the history, and what was evaluated. Ids of the outbox and of events come from `alert_counters`,
-- whose row a turn holds until it ends: whoever reads on from an id misses none.
CREATE TABLE alert_counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

INSERT INTO alert_counters (name, value) VALUES ('outbox', 0), ('events', 0);

CREATE TABLE alert_instances (
    fingerprint TEXT NOT NULL PRIMARY KEY,
    rule_uid TEXT NOT NULL,
    project TEXT NOT NULL,
    family TEXT NOT NULL,
    state TEXT NOT NULL,
    labels TEXT NOT NULL,
    annotations TEXT NOT NULL,
    definition TEXT NOT NULL,
    episode TEXT NOT NULL,
    reason TEXT NOT NULL,
    active_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    fired_at TIMESTAMP WITH TIME ZONE,
    resolved_at TIMESTAMP WITH TIME ZONE,
    keep_firing_since TIMESTAMP WITH TIME ZONE,
    last_sent_at TIMESTAMP WITH TIME ZONE,
    value DOUBLE PRECISION,
    figures TEXT NOT NULL,
    links TEXT NOT NULL
);

CREATE INDEX alert_instances_by_rule ON alert_instances (rule_uid);
CREATE INDEX alert_instances_by_project ON alert_instances (project, active_at);

CREATE TABLE alert_evaluations (
    rule_uid TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    alert TEXT NOT NULL,
    group_name TEXT NOT NULL,
    source TEXT NOT NULL,
    interval_s DOUBLE PRECISION NOT NULL,
    evaluated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    cost_s DOUBLE PRECISION NOT NULL,
    problem TEXT NOT NULL,
    series BIGINT NOT NULL,
    series_without_data BIGINT NOT NULL,
    evaluations BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    missed BIGINT NOT NULL,
    holder TEXT NOT NULL
);

CREATE TABLE alert_outbox (
    id BIGINT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    notice TEXT NOT NULL
);

CREATE TABLE alert_events (
    id BIGINT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    rule_uid TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    is_written INTEGER NOT NULL,
    event TEXT NOT NULL
);

CREATE INDEX alert_events_by_project ON alert_events (project, at, id);
CREATE INDEX alert_events_to_write ON alert_events (is_written, id);
