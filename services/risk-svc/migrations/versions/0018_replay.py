"""Kept rows are sent again in a lane of their own, and a row that cannot be read holds back its keys alone."""

from alembic import op

from candor.store import replaying

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    replaying.create(op)
