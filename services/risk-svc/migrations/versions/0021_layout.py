"""How many partitions there are once they have been grown."""

from alembic import op

from candor.store import layout

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    layout.create(op)
