"""What staff did, in a table that only grows."""

from alembic import op

from candor.store import audit

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    audit.create(op)
