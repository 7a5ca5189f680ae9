"""Promises by their owner."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute("CREATE INDEX insight_promise_owner ON insight_promise (owner) WHERE owner IS NOT NULL")
