"""What is known of answers that could not be applied within our limits."""

from alembic import op

from candor.store import suspects

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    suspects.create(op)
