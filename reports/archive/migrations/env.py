"""Runs the migrations on the connection that `reports.archive.database` hands over, inside its transaction."""

from alembic import context

from reports.archive.tables import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, transactional_ddl=True,
                  render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
