"""Customers being erased, a few rows at a time, and the marks that keep what was said before from coming back."""

from alembic import op

from candor.store import erasing

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    erasing.create(op, "promise")
    op.execute("CREATE TABLE erased (customer bytea PRIMARY KEY, version bigint NOT NULL, at timestamptz NOT NULL)")
