"""The audit log, as every service has it."""

from alembic import op

from candor.store import audit

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    audit.create(op)
