"""A P(slip) that rests on too little history is not stated: no value in the column that lists and counts read."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE promise_state ALTER COLUMN p_slip DROP NOT NULL")
