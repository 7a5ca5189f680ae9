"""Customers being erased, a few rows at a time, and the order in which promises came, which says what is of before."""

from alembic import op

from candor.store import erasing

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    erasing.create(op, "promise")
