"""Up to where a checkpoint has made the journal needless: its rows go some at a time."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("CREATE TABLE learner_cut (id boolean PRIMARY KEY DEFAULT true CHECK (id), upto xid8 NOT NULL)")
