-- Organizations, people, credentials, connections, sessions and their records.
-- Only TEXT and BIGINT; times are microseconds since the epoch, flags 0 or 1.

CREATE TABLE organization (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    masking_key TEXT NOT NULL,
    generation BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES organization (id),
    subject TEXT,
    issuer TEXT,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    verified BIGINT NOT NULL,
    slack_id TEXT,
    password_hash TEXT,
    last_login_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (org_id, email),
    UNIQUE (org_id, issuer, subject)
);
CREATE INDEX account_email ON account (email);

CREATE TABLE user_group (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES organization (id),
    name TEXT NOT NULL,
    description TEXT,
    source TEXT NOT NULL,
    built_in BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (org_id, name)
);

CREATE TABLE credential (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES organization (id),
    kind TEXT NOT NULL,
    name TEXT,
    token_hash TEXT NOT NULL UNIQUE,
    user_id TEXT REFERENCES account (id),
    scopes TEXT,
    agent BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    status TEXT NOT NULL,
    family_id TEXT,
    client_id TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX credential_user ON credential (user_id);
CREATE INDEX credential_family ON credential (family_id);

-- The member is a user or an API key with groups of its own.
CREATE TABLE group_member (
    group_id TEXT NOT NULL REFERENCES user_group (id),
    member_id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (group_id, member_id)
);
CREATE INDEX group_member_member ON group_member (member_id);

CREATE TABLE agent (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES organization (id),
    name TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    mode TEXT NOT NULL,
    status TEXT NOT NULL,
    agent_version TEXT NOT NULL,
    hostname TEXT NOT NULL,
    platform TEXT NOT NULL,
    last_seen_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (org_id, name)
);

CREATE TABLE guardrail_rule (
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

CREATE TABLE attribute (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES organization (id),
    name TEXT NOT NULL,
    description TEXT,
    managed_by TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (org_id, name)
);

-- Kinds: connection, access_request_rule, guardrail, datamasking_rule,
-- analyzer_rule, group.
CREATE TABLE attribute_link (
    attribute_id TEXT NOT NULL REFERENCES attribute (id),
    kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    PRIMARY KEY (attribute_id, kind, target_id)
);
CREATE INDEX attribute_link_target ON attribute_link (target_id, kind);

-- The detail is JSON: command, tags, modes, lists, limits, TLS.
CREATE TABLE connection (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES organization (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    subtype TEXT NOT NULL,
    agent_id TEXT REFERENCES agent (id),
    detail TEXT NOT NULL,
    managed_by TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (org_id, name)
);

CREATE TABLE connection_secret (
    connection_id TEXT NOT NULL REFERENCES connection (id),
    key TEXT NOT NULL,
    org_id TEXT NOT NULL,
    source TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (connection_id, key)
);

CREATE TABLE connection_guardrail (
    connection_id TEXT NOT NULL REFERENCES connection (id),
    guardrail_id TEXT NOT NULL REFERENCES guardrail_rule (id),
    org_id TEXT NOT NULL,
    PRIMARY KEY (connection_id, guardrail_id)
);
CREATE INDEX connection_guardrail_rule ON connection_guardrail (guardrail_id);

CREATE TABLE connection_reviewer (
    connection_id TEXT NOT NULL REFERENCES connection (id),
    group_id TEXT NOT NULL REFERENCES user_group (id),
    org_id TEXT NOT NULL,
    PRIMARY KEY (connection_id, group_id)
);
CREATE INDEX connection_reviewer_group ON connection_reviewer (group_id);

CREATE TABLE access_binding (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES organization (id),
    connection_id TEXT NOT NULL UNIQUE REFERENCES connection (id),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE access_binding_group (
    binding_id TEXT NOT NULL REFERENCES access_binding (id),
    group_id TEXT NOT NULL REFERENCES user_group (id),
    org_id TEXT NOT NULL,
    PRIMARY KEY (binding_id, group_id)
);
CREATE INDEX access_binding_group_group ON access_binding_group (group_id);

-- The detail is the session as it was opened, moved is what changed of it since;
-- the other columns are what lists filter by. The input comes last so that lists never read its pages.
CREATE TABLE session (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    connection TEXT NOT NULL,
    connection_type TEXT NOT NULL,
    verb TEXT NOT NULL,
    origin TEXT NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT,
    review_status TEXT,
    risk_level TEXT,
    replica TEXT,
    version BIGINT NOT NULL,
    cancel_requested_at BIGINT,
    detail TEXT NOT NULL,
    moved TEXT,
    input TEXT NOT NULL
);
CREATE INDEX session_created ON session (org_id, created_at);
CREATE INDEX session_by_user ON session (org_id, user_id, created_at);
CREATE INDEX session_connection ON session (org_id, connection, created_at);
CREATE INDEX session_unfinished ON session (org_id, created_at) WHERE status <> 'done';
CREATE INDEX session_outcome ON session (org_id, outcome, created_at) WHERE outcome <> 'success';
CREATE INDEX session_review ON session (org_id, review_status, created_at) WHERE review_status IS NOT NULL;
CREATE INDEX session_risk ON session (org_id, risk_level, created_at) WHERE risk_level <> 'low';

-- The events of a segment lie in an object or, when they are few, in data.
-- Offset and length count bytes of recorded text.
CREATE TABLE recording_segment (
    session_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    org_id TEXT NOT NULL,
    offset_bytes BIGINT NOT NULL,
    length_bytes BIGINT NOT NULL,
    object TEXT,
    data TEXT,
    PRIMARY KEY (session_id, seq)
) WITHOUT ROWID;

CREATE TABLE audit_event (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID;

CREATE TABLE idempotency (
    org_id TEXT NOT NULL,
    caller_id TEXT NOT NULL,
    tool TEXT NOT NULL,
    key TEXT NOT NULL,
    args_digest TEXT NOT NULL,
    session_id TEXT,
    outcome TEXT,
    replica TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, caller_id, tool, key)
);
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

CREATE TABLE replica (
    id TEXT NOT NULL PRIMARY KEY,
    started_at BIGINT NOT NULL,
    lease_until BIGINT NOT NULL
);

-- One row, sealed with the master key: tells a wrong key at the start.
CREATE TABLE seal_canary (
    id TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- One row: the journal beside a SQLite file is in the tables up to this byte of
-- this segment. PostgreSQL has no journal.
CREATE TABLE journal_mark (
    segment BIGINT NOT NULL,
    position BIGINT NOT NULL
);
INSERT INTO journal_mark (segment, position) VALUES (0, 0);
