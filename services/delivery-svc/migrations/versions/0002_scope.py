"""Scope items: which ones a promise names, and how much of them reports say is delivered."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Promises seen before named none.
    op.execute("ALTER TABLE promise ADD scope jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE milestone ADD delivered jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE parked ADD delivered jsonb NOT NULL DEFAULT '[]'")
