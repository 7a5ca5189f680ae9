"""When a customer said that they want no messages."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("ALTER TABLE customer ADD stopped_at timestamptz")
