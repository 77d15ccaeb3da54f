-- Rules that are kept as JSON and reach connections directly or through attributes.

CREATE TABLE datamasking_rule (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES organization (id),
    name TEXT NOT NULL,
    detail TEXT NOT NULL,
    managed_by TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (org_id, name)
);

CREATE TABLE connection_datamasking (
    connection_id TEXT NOT NULL REFERENCES connection (id),
    rule_id TEXT NOT NULL REFERENCES datamasking_rule (id),
    org_id TEXT NOT NULL,
    PRIMARY KEY (connection_id, rule_id)
);
CREATE INDEX connection_datamasking_rule ON connection_datamasking (rule_id);

CREATE TABLE access_request_rule (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES organization (id),
    name TEXT NOT NULL,
    detail TEXT NOT NULL,
    managed_by TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (org_id, name)
);
