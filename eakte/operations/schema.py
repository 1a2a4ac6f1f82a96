"""The database schema: bring it up to date, or say that it is not."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text

from eakte.database import Database, domain_errors
from eakte.errors import SchemaOutdated
from eakte.models import AuditHead

MIGRATION_LOCK = 0x65616B7465
"""Advisory lock ("eakte" in ASCII), so that of several starting processes one migrates and the others wait."""


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def migrate(database: Database) -> str:
    """Bring the schema up to date in one transaction and return its revision. A crash leaves the old schema whole."""
    with domain_errors(), database.engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        command.upgrade(_config(connection), "head")
        return _current(connection) or ""


def require_current(database: Database) -> None:
    """Raise SchemaOutdated unless the schema is exactly the one this program was built for."""
    with domain_errors(), database.engine.connect() as connection:
        current = _current(connection)
        head = ScriptDirectory.from_config(_config(connection)).get_current_head()
    if current != head:
        raise SchemaOutdated(f"Stand der Datenbank: {current or 'leer'}, nötig: {head}.")


def has_heads(database: Database) -> bool:
    """Whether the log has been signed before, so that there must be a key."""
    with domain_errors(), database.engine.connect() as connection:
        if not inspect(connection).has_table(AuditHead.__tablename__):
            return False
        return connection.execute(select(AuditHead.size).limit(1)).first() is not None


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
