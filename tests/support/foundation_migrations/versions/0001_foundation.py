"""The shared tables, and one table of effects to see what committed."""

from alembic import op

from candor.store.migrate import create_foundation

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_foundation(op)
    op.execute("CREATE TABLE effect (id text PRIMARY KEY, n int NOT NULL DEFAULT 1)")
    op.execute(
        "CREATE TABLE late (id text, CONSTRAINT late_once UNIQUE (id) DEFERRABLE INITIALLY DEFERRED)"  # fails at COMMIT
    )
