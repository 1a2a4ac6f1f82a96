"""Alembic's entry: runs on the connection that `eakte.operations.schema` hands over, in one transaction."""

from alembic import context

from eakte.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    compare_server_default=True,
    include_name=lambda name, kind, _parents: not (kind == "table" and str(name).startswith("procrastinate_")),
)
with context.begin_transaction():
    context.run_migrations()
