"""The schema: revisions in one line, tables as models say, and nothing of alembic where nothing is to be changed."""

from __future__ import annotations

import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from eakte.database import Database
from eakte.models import Base
from eakte.operations.schema import MIGRATIONS, migrate, newest


def test_the_newest_file_is_the_one_head_of_all_revisions() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [newest()]


def test_the_tables_are_those_of_the_models(migrated: str) -> None:
    database = Database(migrated)
    try:
        with database.engine.connect() as connection:
            options = {
                "compare_type": True,
                "include_name": lambda name, kind, _parents: (
                    not (kind == "table" and str(name).startswith("procrastinate_"))
                ),
            }
            assert compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata) == []
        assert migrate(database) == newest()
    finally:
        database.close()


def test_what_every_command_loads_holds_no_library_that_only_some_need() -> None:
    rare = ("alembic", "minio", "opensearchpy", "authlib", "pikepdf", "fontTools", "openpyxl", "reportlab", "fastapi")
    script = f"import sys, eakte.cli.administration; print([name for name in {rare} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
