"""Reasons that customers may be told; what was stored before counts as internal."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE change ADD public_reason text")
