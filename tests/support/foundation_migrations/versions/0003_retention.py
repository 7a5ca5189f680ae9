"""The indexes of retention, as every service that keeps what it sent has them."""

from alembic import op

from candor.store import retention

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    retention.create(op, log_kept=True)
