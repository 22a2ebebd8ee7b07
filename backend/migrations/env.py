"""How Alembic reaches the application's database, and what it must leave as it found it."""

from alembic import context
from flask import current_app

from parking.database import UTCDateTime, constraints, db, postgres

target_metadata = db.metadata


def render_item(kind, item, autogen):
    """Own column types are written by their name, with the import they need."""
    if kind == "type" and isinstance(item, UTCDateTime):
        autogen.imports.add("from parking.database import UTCDateTime")
        return "UTCDateTime()"
    return False


def include_object(item, name, kind, reflected, compare_to):
    """The exclusion constraint's index is the guards' matter, not the models'."""
    return name != "booking_no_overlap"


with postgres.limited(postgres.UNLIMITED), db.engine.connect().execution_options(writer=True) as connection:
    context.configure(
        connection=connection,
        target_metadata=target_metadata,
        render_item=render_item,
        include_object=include_object,
        transactional_ddl=True,  # also on SQLite: the driver's own transactions are switched off (parking.database)
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # one migration at a time, however many processes start at once
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(20261)")
        context.run_migrations()
        if connection.dialect.has_table(connection, "booking"):
            constraints.install(connection)
        else:
            constraints.uninstall(connection)
