"""Why a change ended, in Chinese beside English. Older changes keep what they have; the default is for their rows."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("changes", sa.Column("closure_reason_zh", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    raise NotImplementedError("the archive only grows; restore the database from its backup")
