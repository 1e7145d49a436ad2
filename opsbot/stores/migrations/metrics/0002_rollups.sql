ALTER TABLE series RENAME TO old_series;   -- what they hold is packed in the background, see _metrics_pack.py
ALTER TABLE samples RENAME TO old_samples;

CREATE TABLE sources (       -- one watched service; a renamed one keeps its own beside those of its new name
    id     INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    rank   INTEGER NOT NULL, -- samples go to the highest of a target, and its values stand before the others'
    UNIQUE (target, rank)
);

CREATE TABLE series (
    id     INTEGER PRIMARY KEY,
    source INTEGER NOT NULL,
    metric TEXT NOT NULL,
    newest INTEGER NOT NULL, -- the last hour (since 1970 UTC) in which it had values
    final  REAL,             -- the value that was packed last; NULL: none was
    UNIQUE (source, metric)
);

CREATE TABLE layouts (       -- which metrics stand in a row of `recent`, in which order
    id     INTEGER PRIMARY KEY,
    source INTEGER NOT NULL,
    names  TEXT NOT NULL,    -- JSON
    newest INTEGER NOT NULL,
    UNIQUE (source, names)
);

CREATE TABLE flow (batches INTEGER NOT NULL);  -- one row: how many were ever stored

CREATE TABLE recent (        -- what is not packed yet: one row a batch, for an hour and a set of metrics
    hour   INTEGER NOT NULL,
    layout INTEGER NOT NULL,
    batch  INTEGER NOT NULL,
    data   BLOB NOT NULL,    -- see _parts.py, as all of them
    PRIMARY KEY (hour, layout, batch)
) WITHOUT ROWID;

CREATE TABLE raw (
    hour   INTEGER NOT NULL,
    series INTEGER NOT NULL,
    data   BLOB NOT NULL,
    PRIMARY KEY (hour, series)
) WITHOUT ROWID;

CREATE TABLE minutes (
    hour   INTEGER NOT NULL,
    series INTEGER NOT NULL,
    data   BLOB NOT NULL,
    PRIMARY KEY (hour, series)
) WITHOUT ROWID;

CREATE TABLE hours (
    hour   INTEGER NOT NULL,
    series INTEGER NOT NULL,
    low    REAL NOT NULL,
    high   REAL NOT NULL,
    total  REAL NOT NULL,
    last   REAL NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (hour, series)
) WITHOUT ROWID;

INSERT INTO flow VALUES (0);
INSERT INTO sources (target, rank) SELECT DISTINCT target, 0 FROM old_series;
INSERT INTO series (id, source, metric, newest)
    SELECT old_series.id, sources.id, metric,
           coalesce((SELECT max(t) FROM old_samples WHERE series = old_series.id) / 3600000, 0)
    FROM old_series JOIN sources ON sources.target = old_series.target;
