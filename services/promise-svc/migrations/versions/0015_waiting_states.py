"""Whether a statement that waits tells the date there is, moved or not."""

from alembic import op

revision = "0015"
down_revision = "0013"


def upgrade() -> None:
    op.execute("ALTER TABLE waiting ADD if_moved boolean NOT NULL DEFAULT false")
