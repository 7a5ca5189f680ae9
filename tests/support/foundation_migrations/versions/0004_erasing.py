"""Customers being erased, as every service has them."""

from alembic import op

from candor.store import erasing

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    erasing.create(op)
