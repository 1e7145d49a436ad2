CREATE TABLE series (
    id     INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    metric TEXT NOT NULL,
    UNIQUE (target, metric)
);

CREATE TABLE samples (       -- raw values; rollups get tables of their own
    series INTEGER NOT NULL REFERENCES series (id),
    t      INTEGER NOT NULL, -- milliseconds since 1970 UTC
    value  REAL NOT NULL,
    PRIMARY KEY (series, t)
) WITHOUT ROWID;
