-- Rows hold the columns that are searched, and the whole value as JSON in `body`.
-- `boot` names the boot whose clock the row's moments (`mono`) are on. Every table and index that a commit
-- touches is a page to write and sync: hence few indexes, and partial ones.

CREATE TABLE meta (          -- incidents, actions, notices: the greatest id pruned; audit: rows ever written
    key   TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE boots (
    id      INTEGER PRIMARY KEY,
    boot_id TEXT NOT NULL UNIQUE
);

CREATE TABLE writers (       -- the last batch written of each run of opsbot, and its moment
    writer TEXT PRIMARY KEY, -- a journal is replayed once
    number INTEGER NOT NULL,
    boot   INTEGER NOT NULL,
    mono   REAL NOT NULL,
    wall   REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE alerts (
    target TEXT NOT NULL,
    rule   TEXT NOT NULL,
    boot   INTEGER NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (target, rule)
) WITHOUT ROWID;

CREATE TABLE incidents (
    id       INTEGER PRIMARY KEY,
    boot     INTEGER NOT NULL,
    resolved REAL,           -- mono; NULL while it lives
    body     TEXT NOT NULL   -- without the timeline
);
CREATE INDEX incidents_by_end ON incidents (boot, resolved) WHERE resolved IS NOT NULL;

CREATE TABLE timeline (
    incident INTEGER NOT NULL,
    line     INTEGER NOT NULL, -- 1, 2, 3, …
    boot     INTEGER NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (incident, line)
) WITHOUT ROWID;

CREATE TABLE actions (
    id    INTEGER PRIMARY KEY,
    boot  INTEGER NOT NULL,
    ended REAL,              -- mono; NULL while it runs
    body  TEXT NOT NULL
);
CREATE INDEX actions_by_end ON actions (boot, ended) WHERE ended IS NOT NULL;

CREATE TABLE desired (
    target TEXT PRIMARY KEY,
    boot   INTEGER NOT NULL,
    body   TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE pauses (
    target TEXT PRIMARY KEY,
    boot   INTEGER NOT NULL,
    body   TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE restarts (
    boot   INTEGER NOT NULL,
    at     REAL NOT NULL,    -- mono
    wall   REAL NOT NULL,
    target TEXT NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (boot, at, wall, target)
) WITHOUT ROWID;

CREATE TABLE notices (
    id       INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    boot     INTEGER NOT NULL,
    done_at  REAL,           -- mono of the boot `done_boot`; NULL while it is to be delivered
    done_boot INTEGER,
    dead     TEXT NOT NULL DEFAULT '',
    body     TEXT NOT NULL
);
CREATE INDEX notices_waiting ON notices (id) WHERE done_at IS NULL;
CREATE INDEX notices_by_end ON notices (done_boot, done_at) WHERE done_at IS NOT NULL;

CREATE TABLE receipts (
    incident INTEGER NOT NULL,
    notifier TEXT NOT NULL,
    place    TEXT NOT NULL,
    PRIMARY KEY (incident, notifier)
) WITHOUT ROWID;

CREATE TABLE audit (         -- hash = sha256(hash of the row before + body): see opsbot/stores/_audit.py
    seq  INTEGER PRIMARY KEY,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
