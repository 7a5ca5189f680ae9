"""The rates of the figures in money, so that lists put amounts of several currencies in order by them."""

from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    op.execute("CREATE TABLE insight_rate (currency text PRIMARY KEY, rate double precision NOT NULL)")
