"""Inspections: their targets and rows, which only grow."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "inspections",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("procedure", sa.Text, nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inspections"),
        sa.UniqueConstraint("number", name="uq_inspections_number"),
        sa.ForeignKeyConstraint(["number"], ["changes.number"], name="fk_inspections_number"),
    )
    op.create_index("ix_inspections_customer_procedure_id", "inspections", ["customer", "procedure", "id"])
    op.create_table(
        "targets_read",
        sa.Column("inspection", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("target", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("read_at", moment, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("problem_zh", sa.Text, nullable=False),
        sa.Column("problem_en", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("inspection", "target", name="pk_targets_read"),
        sa.ForeignKeyConstraint(["inspection"], ["inspections.id"], name="fk_targets_read_inspection"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "check_rows",
        sa.Column("inspection", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("target", sa.String(255), nullable=False),
        sa.Column("check", sa.String(16), nullable=False),
        sa.Column("object", sa.String(300), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("capacity", sa.Float),
        sa.Column("says_zh", sa.Text, nullable=False),
        sa.Column("says_en", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("inspection", "position", name="pk_check_rows"),
        sa.ForeignKeyConstraint(["inspection"], ["inspections.id"], name="fk_check_rows_inspection"),
        sqlite_with_rowid=False,
    )
    growing = sa.text("capacity IS NOT NULL")
    op.create_index("ix_check_rows_growing", "check_rows", ["inspection"], sqlite_where=growing, postgresql_where=growing)
    _only_grow()


def _only_grow() -> None:
    for table in ("inspections", "targets_read", "check_rows"):
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"CREATE TRIGGER {table}_no_alteration BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                       "FOR EACH STATEMENT EXECUTE FUNCTION standfast_only_grows()")
            continue
        for act in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                       f"BEGIN SELECT RAISE(ABORT, 'the archive only grows: {table} cannot be altered'); END")


def downgrade() -> None:
    raise NotImplementedError("the archive only grows; restore the database from its backup")
