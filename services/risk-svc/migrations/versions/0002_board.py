"""Links that opened a session of the board, so that none opens a second."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE TABLE used_link (nonce text PRIMARY KEY, until timestamptz NOT NULL)")
