"""The letter that told a notice with others, and what waits for one customer."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute("ALTER TABLE notice ADD COLUMN joint text NOT NULL DEFAULT ''")
    op.execute("CREATE INDEX notice_joint ON notice (joint) WHERE joint <> ''")
    op.execute("CREATE INDEX notice_queued ON notice (addressee) WHERE state = 'pending' AND audience = 'customer'")
