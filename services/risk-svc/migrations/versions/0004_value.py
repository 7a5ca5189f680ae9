"""Values of promises, so that one without a value of its own can weigh as the median of its kind."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # No index: every row that a worker saves would pay for it, and a roll-up seldom asks.
    op.execute("ALTER TABLE promise_state ADD value float8")
