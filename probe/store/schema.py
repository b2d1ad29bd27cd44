"""The tables, as steps that are never edited: a change of the schema is a new step at the end."""

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

# "Road" in ASCII; SQLite keeps it in the file's header, and `file` prints it.
APPLICATION_ID = 0x526F6164
SCHEMA_VERSION = 1
"""How many steps `_migrations` has; kept in the file as `user_version`."""

# STRICT tables came with 3.37, the operator ->> with 3.38.
SQLITE_MIN = (3, 38, 0)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to this version's schema; does nothing when it is there already."""
    if _version(connection) == SCHEMA_VERSION:
        return
    # Only here: sqlite-utils costs 100 ms of import, and an up-to-date file does not need it.
    from sqlite_utils import Database

    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    # One transaction over all steps: a killed program leaves the old schema, not half of a new one,
    # and a second program that opens the file meanwhile waits.
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) < SCHEMA_VERSION:
            _migrations().apply(Database(connection))
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _migrations() -> "Migrations":
    from sqlite_utils import Migrations

    migrations = Migrations("roadblock")

    @migrations()
    def m001_runs_observations_verdicts(db: "Database") -> None:
        for statement in _STEP_1:
            db.execute(statement)

    return migrations


# Whatever summarises leaves the lab's runs out; the same view of them has a name of its own.
_LATEST_VIEWS = (
    """
    CREATE VIEW %(prefix)sverdict_latest AS
    SELECT run.id AS run, run.world, run.started_at, run.country, run.asn_ipv4, run.asn_ipv6,
           verdict_set.ruleset_version, v.service, v.endpoint, v.protocol, v.family, v.state,
           v.category, v.subtype, v.layer, v.trigger, v.locus, v.grade, v.rule_id, v.p_value,
           v.n_target, v.n_control, v.hop, v.detail, v.seq AS verdict
    FROM verdict AS v
    JOIN verdict_set_latest AS latest ON latest.seq = v.verdict_set
    JOIN verdict_set ON verdict_set.seq = latest.seq
    JOIN run ON run.seq = latest.run
    WHERE run.world %(is)s 'internet'
    """,
    """
    CREATE VIEW %(prefix)sservice_latest AS
    SELECT run.id AS run, run.world, run.started_at, run.country, run.asn_ipv4, run.asn_ipv6,
           s.service, s.state, s.category, s.subtype, s.grade, s.witness, s.endpoints, s.sentence
    FROM service_verdict AS s
    JOIN verdict_set_latest AS latest ON latest.seq = s.verdict_set
    JOIN run ON run.seq = latest.run
    WHERE run.world %(is)s 'internet'
    """,
)

_STEP_1 = (
    """
    CREATE TABLE blob (
        id INTEGER PRIMARY KEY,
        sha256 TEXT NOT NULL UNIQUE,   -- of the uncompressed bytes, after scrubbing
        kind TEXT NOT NULL,            -- body, certificate, catalogue
        size_bytes INTEGER NOT NULL,   -- uncompressed
        encoding TEXT NOT NULL,        -- zlib or raw
        data BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE run (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        world TEXT NOT NULL,           -- internet, or lab:<world>
        started_at TEXT NOT NULL,      -- UTC, ISO 8601 with Z
        ended_at TEXT,
        status TEXT NOT NULL,
        profile TEXT NOT NULL,
        seed TEXT NOT NULL,
        label TEXT NOT NULL,
        country TEXT,
        asn_ipv4 INTEGER,
        asn_ipv6 INTEGER,
        resolver_kind TEXT NOT NULL,
        version TEXT NOT NULL,
        catalogue_sha256 TEXT NOT NULL,
        fingerprints_sha256 TEXT NOT NULL,
        bytes_sent INTEGER NOT NULL,
        bytes_received INTEGER NOT NULL,
        catalogue INTEGER REFERENCES blob (id),
        details TEXT NOT NULL          -- the whole run as JSON
    ) STRICT
    """,
    "CREATE INDEX run_by_start ON run (started_at)",
    """
    CREATE TABLE experiment (
        run INTEGER NOT NULL REFERENCES run (seq) ON DELETE CASCADE,
        endpoint TEXT NOT NULL,
        id TEXT NOT NULL,
        status TEXT NOT NULL,          -- performed or refused
        kind TEXT,
        arm TEXT,
        rival TEXT,
        details TEXT,                  -- JSON; fields at their defaults are left out
        PRIMARY KEY (run, endpoint, id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE observation (
        seq INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES run (seq) ON DELETE CASCADE,
        id TEXT NOT NULL,              -- <experiment>/<attempt>/<n>
        step TEXT NOT NULL,
        arm TEXT NOT NULL,
        experiment TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        endpoint TEXT NOT NULL,
        vantage TEXT,
        family TEXT,
        address TEXT,
        port INTEGER,
        started_at TEXT NOT NULL,
        duration_s REAL NOT NULL,
        bytes_sent INTEGER NOT NULL,
        bytes_received INTEGER NOT NULL,
        failure TEXT,
        operation TEXT,
        errno INTEGER,
        failure_raw TEXT,
        loop_lag_s REAL,
        verified INTEGER NOT NULL,     -- 1: a page over verified TLS, its body was not kept
        details TEXT NOT NULL          -- JSON; fields at their defaults are left out
    ) STRICT
    """,
    "CREATE UNIQUE INDEX observation_by_id ON observation (run, id)",
    "CREATE INDEX observation_by_endpoint ON observation (run, endpoint)",
    """
    CREATE TABLE observation_blob (
        observation INTEGER NOT NULL REFERENCES observation (seq) ON DELETE CASCADE,
        part TEXT NOT NULL,            -- body or chain
        place INTEGER NOT NULL,
        blob INTEGER NOT NULL REFERENCES blob (id),
        PRIMARY KEY (observation, part, place)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX observation_blob_by_blob ON observation_blob (blob)",
    """
    CREATE TABLE verdict_set (
        seq INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES run (seq) ON DELETE CASCADE,
        id TEXT NOT NULL,
        created_at TEXT,
        ruleset_version TEXT NOT NULL,
        fingerprints_sha256 TEXT NOT NULL,
        catalogue_sha256 TEXT NOT NULL,
        UNIQUE (run, id)
    ) STRICT
    """,
    """
    CREATE TABLE verdict (
        seq INTEGER PRIMARY KEY,
        verdict_set INTEGER NOT NULL REFERENCES verdict_set (seq) ON DELETE CASCADE,
        endpoint TEXT NOT NULL,
        service TEXT NOT NULL,
        protocol TEXT NOT NULL,
        family TEXT,
        state TEXT NOT NULL,
        category TEXT NOT NULL,
        subtype TEXT,
        layer TEXT,
        trigger TEXT,
        locus TEXT,
        grade TEXT,
        rule_id TEXT NOT NULL,
        p_value REAL,
        n_target INTEGER NOT NULL,
        n_control INTEGER NOT NULL,
        hop INTEGER,
        detail TEXT NOT NULL,
        details TEXT NOT NULL          -- the whole verdict as JSON
    ) STRICT
    """,
    """
    CREATE UNIQUE INDEX verdict_by_endpoint
        ON verdict (verdict_set, endpoint, protocol, ifnull(family, ''))
    """,
    """
    CREATE TABLE verdict_evidence (
        verdict INTEGER NOT NULL REFERENCES verdict (seq) ON DELETE CASCADE,
        part TEXT NOT NULL,            -- evidence, rival:<id>, also:<n>
        place INTEGER NOT NULL,
        observation TEXT NOT NULL,     -- observation.id within the same run
        PRIMARY KEY (verdict, part, place)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE service_verdict (
        verdict_set INTEGER NOT NULL REFERENCES verdict_set (seq) ON DELETE CASCADE,
        service TEXT NOT NULL,
        state TEXT NOT NULL,
        category TEXT NOT NULL,
        subtype TEXT,
        grade TEXT,
        witness TEXT,
        endpoints INTEGER NOT NULL,
        sentence TEXT NOT NULL,
        details TEXT NOT NULL,
        PRIMARY KEY (verdict_set, service)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE vantage_verdict (
        verdict_set INTEGER PRIMARY KEY REFERENCES verdict_set (seq) ON DELETE CASCADE,
        state TEXT NOT NULL,
        sentence TEXT NOT NULL,
        details TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE gate_verdict (
        verdict_set INTEGER NOT NULL REFERENCES verdict_set (seq) ON DELETE CASCADE,
        gate TEXT NOT NULL,
        outcome TEXT NOT NULL,
        rule_id TEXT NOT NULL,
        category TEXT,
        subtype TEXT,
        detail TEXT NOT NULL,
        PRIMARY KEY (verdict_set, gate)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE VIEW observation_flat AS
    SELECT run.id AS run, run.world, run.country, run.asn_ipv4, run.asn_ipv6,
           o.id, o.endpoint, o.step, o.arm, o.experiment, o.attempt, o.vantage, o.family,
           o.address, o.port, o.started_at, o.duration_s, o.bytes_sent, o.bytes_received,
           o.failure, o.operation, o.errno, o.failure_raw,
           coalesce(o.details ->> '$.name', o.details ->> '$.server_name',
                    o.details ->> '$.host') AS name,
           o.details ->> '$.query_type' AS query_type,
           o.details ->> '$.resolver' AS resolver,
           o.details ->> '$.transport' AS transport,
           o.details ->> '$.answers[0].rcode' AS rcode,
           o.details -> '$.answers[0].addresses' AS addresses,
           ifnull(json_array_length(o.details, '$.answers'), 0) AS answers,
           o.details ->> '$.version' AS protocol_version,
           o.details ->> '$.alert' AS tls_alert,
           o.details ->> '$.status' AS http_status,
           o.details ->> '$.location' AS http_location,
           o.details ->> '$.title' AS http_title,
           o.details ->> '$.body_bytes' AS body_bytes,
           o.details ->> '$.body_sha256' AS body_sha256,
           o.verified, o.details
    FROM observation AS o JOIN run ON run.seq = o.run
    """,
    """
    CREATE VIEW verdict_set_latest AS
    SELECT run, max(seq) AS seq FROM verdict_set GROUP BY run
    """,
    *(view % {"prefix": "", "is": "="} for view in _LATEST_VIEWS),
    *(view % {"prefix": "lab_", "is": "<>"} for view in _LATEST_VIEWS),
    """
    CREATE VIEW evidence_of_verdict AS
    SELECT e.verdict, e.part, e.place, o.*
    FROM verdict_evidence AS e
    JOIN verdict AS v ON v.seq = e.verdict
    JOIN verdict_set AS s ON s.seq = v.verdict_set
    JOIN observation AS o ON o.run = s.run AND o.id = e.observation
    """,
)
