-- What is not told, and what was brought out last.

CREATE TABLE silences (      -- in force; one that has ended is deleted
    id   INTEGER PRIMARY KEY,
    boot INTEGER NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE deploys (
    target TEXT PRIMARY KEY,
    boot   INTEGER NOT NULL,
    body   TEXT NOT NULL
) WITHOUT ROWID;
