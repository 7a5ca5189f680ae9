"""Purposes for which a customer said that they want no messages."""

from alembic import op

revision = "0028"
down_revision = "0026"


def upgrade() -> None:
    op.execute("ALTER TABLE customer ADD left_purposes text[] NOT NULL DEFAULT '{}'")
