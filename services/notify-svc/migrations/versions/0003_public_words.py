"""Messages composed before reasons were internal unless given as public: what waits of them is not sent as it is."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Stays false for a process of before that is still running: its messages may quote internal words.
    op.execute("ALTER TABLE notice ADD public_words boolean NOT NULL DEFAULT false")
