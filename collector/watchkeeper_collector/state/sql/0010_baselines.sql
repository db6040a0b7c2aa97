-- Baselines: the data that new data is compared with, under a name. A release, a range of time, or both; a watched
-- one is what every window of the project is compared with.
CREATE TABLE baselines (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    filter TEXT NOT NULL,
    release TEXT NOT NULL,
    start_at TIMESTAMP WITH TIME ZONE,
    end_at TIMESTAMP WITH TIME ZONE,
    is_watched INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (project, name)
);
