"""Customers being erased, a few rows at a time."""

from alembic import op

from candor.store import erasing

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    erasing.create(op, "promise_state")
