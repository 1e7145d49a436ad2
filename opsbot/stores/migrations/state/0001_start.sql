-- Rows hold the columns that are searched, and the whole value as JSON in `body`.
-- `boot` names the boot whose clock the row's moments (`mono`) are on.

CREATE TABLE meta (          -- next_incident, next_action, next_notice, next_audit: greater than any ever used
    key   TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE boots (         -- the last commit of each boot on both clocks
    id      INTEGER PRIMARY KEY,
    boot_id TEXT NOT NULL UNIQUE,
    mono    REAL NOT NULL,
    wall    REAL NOT NULL
);

CREATE TABLE writers (       -- the last batch written of each run of opsbot: a journal is replayed once
    id     INTEGER PRIMARY KEY,
    writer TEXT NOT NULL UNIQUE,
    number INTEGER NOT NULL
);

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
CREATE INDEX incidents_by_end ON incidents (boot, resolved);

CREATE TABLE timeline (
    id       INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    boot     INTEGER NOT NULL,
    body     TEXT NOT NULL
);
CREATE INDEX timeline_of_incident ON timeline (incident, id);

CREATE TABLE actions (
    id    INTEGER PRIMARY KEY,
    boot  INTEGER NOT NULL,
    ended REAL,              -- mono; NULL while it runs
    body  TEXT NOT NULL
);
CREATE INDEX actions_by_end ON actions (boot, ended);

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
CREATE INDEX notices_by_end ON notices (done_boot, done_at);
CREATE INDEX notices_of_incident ON notices (incident);

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
