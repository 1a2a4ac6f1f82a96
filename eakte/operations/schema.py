"""The database schema: bring it up to date, or say that it is not.

Alembic is loaded only to change a schema: every command asks whether it is up to date, and loading alembic (with mako
and pygments behind it) was a sixth of the start of each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, select, text

from eakte.database import Database, domain_errors
from eakte.errors import SchemaOutdated
from eakte.language import _
from eakte.models import AuditHead

MIGRATION_LOCK = 0x65616B7465
"""Advisory lock ("eakte" in ASCII), so that of several starting processes one migrates and the others wait."""


MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"


def newest() -> str:
    """The revision this program was built for: each file of a revision begins with its number."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def migrate(database: Database) -> str:
    """Bring the schema up to date in one transaction and return its revision. A crash leaves the old schema whole."""
    with domain_errors(), database.engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if _current(connection) != newest():
            _upgrade(connection)
        return _current(connection) or ""


def require_current(database: Database) -> None:
    """Raise SchemaOutdated unless the schema is exactly the one this program was built for."""
    with domain_errors(), database.engine.connect() as connection:
        current = _current(connection)
    if current != newest():
        message = _(
            "Stand der Datenbank: %(current)s, nötig: %(newest)s.", current=current or _("leer"), newest=newest()
        )
        raise SchemaOutdated(message)


def has_heads(database: Database) -> bool:
    """Whether the log has been signed before, so that there must be a key."""
    with domain_errors(), database.engine.connect() as connection:
        if not inspect(connection).has_table(AuditHead.__tablename__):
            return False
        return connection.execute(select(AuditHead.size).limit(1)).first() is not None


def _upgrade(connection: Connection) -> None:
    from alembic import command, config  # noqa: PLC0415 - see above

    settings = config.Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")


def _current(connection: Connection) -> str | None:
    """What alembic noted in its table; None before the first revision."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
