"""Reasons that customers may be told; what was stored before counts as internal."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE milestone ADD public_reason text")
    op.execute("ALTER TABLE parked ADD public_reason text")
