"""Promises whose review by the clock fails."""

from alembic import op

from candor.store import review_aside

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    review_aside.create(op)
