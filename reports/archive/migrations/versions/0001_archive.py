"""The archive as it began: changes, papers, journal, evidence, codes, bundles, and the triggers that let them only grow."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ONLY_GROW = ("papers", "journal", "evidence", "bundles")
COUNTED = {"papers": "position", "journal": "sequence", "evidence": "position"}


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "changes",
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("procedure", sa.Text, nullable=False),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("requester", sa.Text, nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("closed_at", moment),
        sa.Column("closure", sa.String(32)),
        sa.Column("closure_reason", sa.Text, nullable=False),
        sa.Column("opened_by_run", sa.String(64)),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_changes"),
        sa.UniqueConstraint("opened_by_run", name="uq_changes_opened_by_run"),
    )
    for column in ("customer", "opened_at", "run_id"):
        op.create_index(f"ix_changes_{column}", "changes", [column])
    op.create_table(
        "papers",
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("json", sa.Text, nullable=False),
        sa.Column("saved_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("number", "position", name="pk_papers"),
        sa.UniqueConstraint("number", "kind", "key", name="uq_papers_number_kind_key"),
        sa.ForeignKeyConstraint(["number"], ["changes.number"], name="fk_papers_number"),
    )
    op.create_table(
        "journal",
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("step", sa.Integer),
        sa.Column("attempt", sa.Integer),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", "sequence", name="pk_journal"),
        sa.ForeignKeyConstraint(["number"], ["changes.number"], name="fk_journal_number"),
    )
    op.create_table(
        "evidence",
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.String(255), nullable=False),
        sa.Column("filed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("number", "position", name="pk_evidence"),
        sa.UniqueConstraint("number", "name", "sha256", name="uq_evidence_number_name_sha256"),
        sa.ForeignKeyConstraint(["number"], ["changes.number"], name="fk_evidence_number"),
    )
    op.create_table(
        "codes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("gate", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("sent_to", sa.Text, nullable=False),
        sa.Column("stored_at", moment, nullable=False),
        sa.Column("used_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_codes"),
        sa.ForeignKeyConstraint(["number"], ["changes.number"], name="fk_codes_number"),
    )
    op.create_index("ix_codes_number", "codes", ["number"])
    op.create_table(
        "bundles",
        sa.Column("sequence", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("folder", sa.String(64), nullable=False),
        sa.Column("manifest", sa.String(64), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("sealed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_bundles"),
        sa.UniqueConstraint("number", "edition", name="uq_bundles_number_edition"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_sqlite() -> None:
    for table in ONLY_GROW:
        for act in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                       f"BEGIN SELECT RAISE(ABORT, 'the archive only grows: {table} cannot be altered'); END")
    op.execute("CREATE TRIGGER changes_no_delete BEFORE DELETE ON changes "
               "BEGIN SELECT RAISE(ABORT, 'the archive only grows: changes cannot be deleted'); END")
    for table, column in COUNTED.items():  # also keeps INSERT OR REPLACE from replacing a row
        op.execute(f"CREATE TRIGGER {table}_no_gap BEFORE INSERT ON {table} WHEN NEW.{column} IS NOT "
                   f"(SELECT COALESCE(MAX({column}), 0) + 1 FROM {table} WHERE number = NEW.number) "
                   f"BEGIN SELECT RAISE(ABORT, 'the archive only grows: {table} counts without gaps'); END")
    op.execute("CREATE TRIGGER bundles_no_gap BEFORE INSERT ON bundles WHEN NEW.sequence IS NOT "
               "(SELECT COALESCE(MAX(sequence), 0) + 1 FROM bundles) "
               "BEGIN SELECT RAISE(ABORT, 'the archive only grows: bundles count without gaps'); END")


def _guard_postgresql() -> None:
    op.execute("CREATE FUNCTION standfast_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
               "RAISE EXCEPTION 'the archive only grows: % cannot be altered', TG_TABLE_NAME; END $$")
    for table in ONLY_GROW:
        op.execute(f"CREATE TRIGGER {table}_no_alteration BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                   "FOR EACH STATEMENT EXECUTE FUNCTION standfast_only_grows()")
    op.execute("CREATE TRIGGER changes_no_delete BEFORE DELETE OR TRUNCATE ON changes "
               "FOR EACH STATEMENT EXECUTE FUNCTION standfast_only_grows()")
    for table, column in {**COUNTED, "bundles": "sequence"}.items():
        mine = "" if table == "bundles" else "WHERE number = NEW.number"
        op.execute(f"CREATE FUNCTION standfast_{table}_no_gap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                   f"IF NEW.{column} <> (SELECT COALESCE(MAX({column}), 0) + 1 FROM {table} {mine}) THEN "
                   f"RAISE EXCEPTION 'the archive only grows: {table} counts without gaps'; END IF; RETURN NEW; END $$")
        op.execute(f"CREATE TRIGGER {table}_no_gap BEFORE INSERT ON {table} "
                   f"FOR EACH ROW EXECUTE FUNCTION standfast_{table}_no_gap()")


def downgrade() -> None:
    raise NotImplementedError("the archive only grows; restore the database from its backup")
