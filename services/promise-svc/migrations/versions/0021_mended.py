"""Of what was refused: when it was mended, and by which request."""

from alembic import op

from candor.intake.requests import table

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    table.name_mended(op)
