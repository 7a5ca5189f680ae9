"""What is known of events that could not be applied within our limits."""

from alembic import op

from candor.store import suspects

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    suspects.create(op)
