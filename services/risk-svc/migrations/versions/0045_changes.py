"""What was changed of a promise beside its date, and when, for its page."""

from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE insight_change (promise_id text, version int, at timestamptz NOT NULL, asked_by text NOT NULL, "
        "parts text[] NOT NULL, PRIMARY KEY (promise_id, version))"
    )
