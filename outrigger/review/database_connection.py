"""Opens a database for reading only, whatever keeps writing to it.

SQLite files are opened with `mode=ro`, so that nothing can be created or migrated and a running bot never
waits; PostgreSQL is told that nothing will be written. Passwords stay out of every message.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from outrigger.errors import DataError

CONNECT_S = 10
AGAIN = "name a Freqtrade database: --db user_data/tradesv3.sqlite, or its SQLAlchemy URL"


@contextmanager
def reading(address: str) -> Iterator[tuple[Connection, str]]:
    """Open a transaction that cannot write, and say what went wrong in words.

    Parameters
    ----------
    address : str
        Path of an SQLite file, or any SQLAlchemy URL.

    Yields
    ------
    connection : Connection
        Every query in it sees the same moment.
    source : str
        The address without its password.

    Raises
    ------
    DataError
        If there is no such database, it cannot be reached, or a query fails. Messages never contain a
        password.
    """
    source, password = _shown(address)
    engine: Engine | None = None
    try:
        engine = _engine(address)
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            if engine.dialect.name == "sqlite":
                # Otherwise each query would see its own moment of a running bot.
                connection.exec_driver_sql("BEGIN")
            yield connection, source
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise DataError(
            f"{source}: no driver for this database ({error}); PostgreSQL: pip install "
            "'freqtrade-outrigger[postgres]' and write postgresql+psycopg://user@host/name"
        ) from error
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        told = said.replace(password, "***") if password else said
        raise DataError(f"{source}: the database cannot be read ({told}); {AGAIN}") from None
    finally:
        if engine is not None:
            engine.dispose()


def _shown(address: str) -> tuple[str, str]:
    """Address as it may be printed, and its password."""
    if "://" not in address:
        return address, ""
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise DataError(f"the database's address is no SQLAlchemy URL; {AGAIN}") from error
    return url.render_as_string(hide_password=True), str(url.password or "")


def _engine(address: str) -> Engine:
    """Engine of a path or a URL, SQLite's so that it can only read."""
    if "://" not in address:
        return _sqlite(Path(address))
    url = make_url(address)
    if url.get_backend_name() != "sqlite":
        waits = {"connect_timeout": CONNECT_S} if url.get_backend_name() == "postgresql" else {}
        return create_engine(url, connect_args=waits)
    if url.database in {None, "", ":memory:"}:
        raise DataError(f"{address} is a database in memory: nothing of it outlives the bot; {AGAIN}")
    return _sqlite(Path(str(url.database)))


def _sqlite(path: Path) -> Engine:
    if not path.is_file():
        raise DataError(f"{path}: no such database; {AGAIN}")
    # SQLAlchemy would decode the file's name once more, and open another one for some of them.
    address = f"{path.resolve().as_uri()}?mode=ro"
    return create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool)
