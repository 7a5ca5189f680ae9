"""How many partitions there are once they have been grown."""

from alembic import op

from candor.store import layout

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    layout.create(op)
