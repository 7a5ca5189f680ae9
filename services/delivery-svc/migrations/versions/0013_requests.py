"""What senders sent, sealed, and what became of it."""

from alembic import op

from candor.intake.requests import table

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    table.create(op)
