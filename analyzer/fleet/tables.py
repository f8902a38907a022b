"""The tables that audits of many models are kept in, as SQL."""

#: The number of this shape, as `user_version` of each file.
VERSION = 1

#: What a file begins with that SQLite wrote.
MAGIC = b"SQLite format 3\0"

#: A `file` is a path, a `model` a content; an `audit` is a model on a delegate, a `cause` what is to be
#: changed about it, worded in `reason`.
TABLES = """
CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE configuration (
    id INTEGER PRIMARY KEY, delegate TEXT NOT NULL, title TEXT NOT NULL, device TEXT, legacy INTEGER NOT NULL,
    parameters TEXT NOT NULL, rules_version TEXT NOT NULL, rules_sha256 TEXT NOT NULL, revision TEXT NOT NULL
);
CREATE TABLE file (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL, sha256 TEXT,
    error_code TEXT, error TEXT, reasons TEXT
);
CREATE TABLE model (
    id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL, operators INTEGER NOT NULL,
    macs INTEGER NOT NULL, dtypes TEXT NOT NULL
);
CREATE TABLE audit (
    model INTEGER NOT NULL, configuration INTEGER NOT NULL, verdict TEXT NOT NULL, selected TEXT NOT NULL,
    operators INTEGER NOT NULL, supported INTEGER NOT NULL, delegated INTEGER NOT NULL,
    unsupported INTEGER NOT NULL, macs INTEGER NOT NULL, delegated_macs INTEGER NOT NULL,
    delegated_operators_share REAL NOT NULL, delegated_macs_share REAL NOT NULL, partitions INTEGER NOT NULL,
    boundary_bytes INTEGER NOT NULL, causes INTEGER NOT NULL, PRIMARY KEY (model, configuration)
) WITHOUT ROWID;
CREATE TABLE reason (
    id INTEGER PRIMARY KEY, delegate TEXT NOT NULL, rule TEXT NOT NULL, fix TEXT NOT NULL,
    severity TEXT NOT NULL, stage TEXT NOT NULL, level TEXT NOT NULL, kind TEXT NOT NULL,
    message TEXT NOT NULL, UNIQUE (delegate, rule, fix, severity, stage, level, kind)
);
CREATE TABLE cause (
    model INTEGER NOT NULL, configuration INTEGER NOT NULL, number INTEGER NOT NULL, reason INTEGER NOT NULL,
    operators INTEGER NOT NULL, macs INTEGER NOT NULL, ops TEXT NOT NULL, alone INTEGER NOT NULL,
    PRIMARY KEY (model, configuration, number)
) WITHOUT ROWID;
CREATE VIEW files AS SELECT path, bytes, sha256, error_code, error FROM file ORDER BY id;
CREATE VIEW audits AS
    SELECT (SELECT path FROM file WHERE file.sha256 = model.sha256 ORDER BY id LIMIT 1) AS path, sha256,
        model.bytes, dtypes, delegate, title, device, legacy, parameters, rules_version, rules_sha256,
        verdict, selected, audit.operators, supported, delegated, unsupported, audit.macs, delegated_macs,
        delegated_operators_share, delegated_macs_share, partitions, boundary_bytes, causes
    FROM audit JOIN model ON model.id = audit.model JOIN configuration ON configuration.id = configuration;
CREATE VIEW causes AS
    SELECT (SELECT path FROM file WHERE file.sha256 = model.sha256 ORDER BY id LIMIT 1) AS path, sha256,
        configuration.delegate, title, rule, severity, stage, level, kind, message, fix, cause.operators,
        cause.macs, ops, alone
    FROM cause JOIN model ON model.id = cause.model JOIN configuration ON configuration.id = configuration
        JOIN reason ON reason.id = reason;
"""

#: Made once all rows are there: what is asked of finished tables.
INDEXES = """
CREATE INDEX IF NOT EXISTS file_sha256 ON file (sha256);
CREATE INDEX IF NOT EXISTS cause_reason ON cause (configuration, reason);
"""
