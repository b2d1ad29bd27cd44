"""Open a database file, and say in plain words why it could not be."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from probe.errors import NothingStoredError, SchemaTooNewError, StoreError
from probe.store.schema import APPLICATION_ID, SCHEMA_VERSION, SQLITE_MIN, migrate

# Another run may hold the file while it writes a batch (milliseconds) or trims (seconds).
BUSY_TIMEOUT_S = 10.0
# What SQLite leaves of its journal beside the file after a checkpoint.
JOURNAL_LIMIT_BYTES = 4 * 1024 * 1024

_REMEDIES = {
    sqlite3.SQLITE_FULL: "the disk is full: free some space, or `roadblock forget --before DATE`",
    sqlite3.SQLITE_READONLY: "the file or its folder is read-only: change that, or name another "
    "file with --db",
    sqlite3.SQLITE_PERM: "no permission: change the owner, or name another file with --db",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: check that its folder exists and may be "
    "written, or name another file with --db",
    sqlite3.SQLITE_BUSY: "another program is writing to it: wait for it to finish",
    sqlite3.SQLITE_LOCKED: "another program is writing to it: wait for it to finish",
    sqlite3.SQLITE_NOTADB: "this is no SQLite database: name another file with --db",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: move it aside; `sqlite3 FILE .recover` saves "
    "what can be read",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write: check it, or name another file "
    "with --db",
}


@contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Turn SQLite's errors into a StoreError that says what, where, and what to do next."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        remedy = _REMEDIES.get(code, "see the message of SQLite")
        raise StoreError(f"{path}: {remedy} ({error})") from error
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}; name another file with --db") from (
            error
        )


def connect_writer(path: Path, *, synchronous: str) -> sqlite3.Connection:
    """Open the file for writing, made and migrated where needed; a newer schema is not touched."""
    _check_sqlite()
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as look:
                _check_schema(look, path)
        # The writer's thread changes from batch to batch; one limiter lets in one at a time.
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
    try:
        with explained(path):
            # Must stand before the first table.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_LIMIT_BYTES}")
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            connection.execute("PRAGMA foreign_keys = ON")
            migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open the file for reading; nothing is made, migrated or changed."""
    _check_sqlite()
    if not path.exists():
        raise StoreError(f"{path}: there is no such file; `roadblock run` makes one")
    uri = path.resolve().as_uri()
    with explained(path):
        connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
        try:
            _check_schema(connection, path)
        except sqlite3.OperationalError as error:
            connection.close()
            journal = path.with_name(path.name + "-wal")
            if error.sqlite_errorcode & 0xFF not in (
                sqlite3.SQLITE_CANTOPEN,
                sqlite3.SQLITE_READONLY,
            ) or (journal.exists() and journal.stat().st_size):
                raise
            # WAL needs a -shm file beside it, which a read-only folder refuses; with an empty
            # journal nobody is writing, so the file may be read as it lies.
            connection = sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True)
            _check_schema(connection, path)
        except BaseException:
            connection.close()
            raise
        if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            connection.close()
            raise NothingStoredError(
                f"{path}: nothing is stored in it yet; `roadblock run` does that"
            )
    return connection


def _check_schema(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and tables:
        raise StoreError(
            f"{path}: this database was not made by Roadblock; name another file with --db"
        )
    if version > SCHEMA_VERSION:
        raise SchemaTooNewError(
            f"{path}: written by a newer Roadblock (schema {version}, this one knows "
            f"{SCHEMA_VERSION}); upgrade Roadblock, or name another file with --db"
        )


def _check_sqlite() -> None:
    if sqlite3.sqlite_version_info < SQLITE_MIN:
        needed = ".".join(map(str, SQLITE_MIN))
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} is too old: {needed} or newer is needed; "
            "use a Python that was built with one"
        )
