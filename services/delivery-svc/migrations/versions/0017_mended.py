"""Of what was refused: when it was mended, and by which request."""

from alembic import op

from candor.intake.requests import table

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    table.name_mended(op)
