"""How many partitions there are once they have been grown."""

from alembic import op

from candor.store import layout

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    layout.create(op)
