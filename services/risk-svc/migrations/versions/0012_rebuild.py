"""That the read side is being rebuilt, so that nothing else folds until it is whole; and what had been published."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE rebuild (id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1), "
        "began timestamptz NOT NULL DEFAULT clock_timestamp(), emptied boolean NOT NULL DEFAULT false)"
    )
    op.execute("CREATE TABLE published_before (promise_id text PRIMARY KEY, standing text NOT NULL, state bytea)")
