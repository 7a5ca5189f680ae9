"""Links to the customer's page: one a promise, which ends or is revoked."""

from alembic import op

revision = "0019"
down_revision = "0017"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE page_link (link_id text PRIMARY KEY, seq bigint GENERATED ALWAYS AS IDENTITY, "
        "promise_id text NOT NULL, customer_id text NOT NULL, created_at timestamptz NOT NULL, "
        "ends_at timestamptz NOT NULL, revoked_at timestamptz, revoked_by text NOT NULL DEFAULT '', "
        "born bigint NOT NULL DEFAULT nextval('born'))"
    )
    op.execute("CREATE UNIQUE INDEX page_link_open ON page_link (promise_id) WHERE revoked_at IS NULL")
    op.execute("CREATE INDEX page_link_customer ON page_link (customer_id)")
    op.execute("CREATE INDEX page_link_ends ON page_link (ends_at)")
    op.execute("CREATE INDEX page_link_seq ON page_link (seq)")
