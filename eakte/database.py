"""The connection to PostgreSQL: one engine for each process, made from a URL."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from eakte.errors import Conflict, InvalidInput, SetupFailed, Unavailable
from eakte.language import _, msgid

DATABASE_SILENT = msgid("Die Datenbank antwortet nicht.")

OLDEST_SERVER = 150000
"""`server_version_num` of the oldest supported PostgreSQL."""


def engine_url(url: str) -> str:
    """A libpq URL with the driver SQLAlchemy shall use (psycopg 3). Raises SetupFailed for anything but PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise SetupFailed(_("EAKTE_DATABASE_URL muss mit postgresql:// beginnen."))
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


class Kept:
    """Sets of numbers that a process keeps with the database they come from; those used longest ago go first.

    A key names a state that never comes again, so nothing is ever taken out because it were old.
    """

    MOST = 1_000_000
    """Numbers in all: about 80 MB."""

    def __init__(self) -> None:
        self._sets: OrderedDict[Hashable, frozenset[int]] = OrderedDict()
        self._numbers = 0
        self._mutex = threading.Lock()

    def get(self, key: Hashable) -> frozenset[int] | None:
        """The set of a key, if it is still here."""
        with self._mutex:
            if key in self._sets:
                self._sets.move_to_end(key)
            return self._sets.get(key)

    def put(self, key: Hashable, numbers: frozenset[int]) -> None:
        """Keep a set, and let others go where there are too many."""
        with self._mutex:
            if key in self._sets:
                return
            self._sets[key] = numbers
            self._numbers += len(numbers) + 1
            while self._numbers > self.MOST:
                _key, gone = self._sets.popitem(last=False)
                self._numbers -= len(gone) + 1


_KEPT = "eakte.kept"


def kept_of(session: Session) -> Kept:
    """What the process keeps for the database of this session."""
    kept: Kept = session.info[_KEPT]
    return kept


class Database:
    """An engine and its sessions.

    A pool that hands out connections the server has closed hangs or fails requests after every restart of PostgreSQL,
    so every connection is proven before use (`pool_pre_ping`) and none lives longer than half an hour. Statements
    that run for minutes are faults: `statement_timeout` ends them.
    """

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = url
        self.engine: Engine = create_engine(
            engine_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=20,
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args={
                "connect_timeout": 10,
                "application_name": "eakte",
                "options": "-c timezone=UTC -c statement_timeout=120000 -c idle_in_transaction_session_timeout=300000",
            },
        )
        self._sessions = sessionmaker(self.engine, expire_on_commit=False, autoflush=True, info={_KEPT: Kept()})

    def session(self) -> Session:
        """A new session. Only `eakte.transaction` commits one."""
        return self._sessions()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session in a read-only transaction: a write in it is refused by the server."""
        with domain_errors(), self._sessions() as session:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
            yield session

    def check(self) -> str:
        """The server's version, proven by a question. Raises Unavailable, or SetupFailed when it is too old."""
        with domain_errors(), self.engine.connect() as connection:
            number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
            version = str(connection.execute(text("SHOW server_version")).scalar_one())
        if number < OLDEST_SERVER:
            raise SetupFailed(_("PostgreSQL %(version)s ist zu alt; nötig ist 15 oder neuer.", version=version))
        return version

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


@contextmanager
def domain_errors() -> Iterator[None]:
    """Turn what the database says into domain errors; everything else stays what it is (a fault of ours).

    A lost connection, a deadlock, a full disk: Unavailable, nothing was changed. A unique number that somebody took at
    the same time: Conflict. A character or number that no column can hold (NUL, beyond 64 bits): InvalidInput.
    """
    try:
        yield
    except OperationalError as error:
        raise Unavailable(_(DATABASE_SILENT)) from error
    except IntegrityError as error:
        raise Conflict from error
    except DataError as error:
        raise InvalidInput(_("Eine Angabe enthält Zeichen oder Zahlen, die sich nicht speichern lassen.")) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable(_(DATABASE_SILENT)) from error
        raise
