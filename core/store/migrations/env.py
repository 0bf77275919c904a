"""Run by Alembic; the connection, already inside our transaction, comes from core.store.database."""

from alembic import context

from core.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
