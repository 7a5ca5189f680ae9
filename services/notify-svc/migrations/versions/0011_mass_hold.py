"""A mass of letters waits for a person: the hold, the letters of the last hour, and customers with open promises."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(
        """
CREATE TABLE mass_hold (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  held_since timestamptz,
  customers int NOT NULL DEFAULT 0,
  of_customers int NOT NULL DEFAULT 0,
  released boolean NOT NULL DEFAULT false,
  passed_until timestamptz,
  drop_upto bigint NOT NULL DEFAULT 0,
  changed_by text NOT NULL DEFAULT '')"""
    )
    op.execute("INSERT INTO mass_hold DEFAULT VALUES")
    op.execute(
        "CREATE INDEX notice_out ON notice (changed_at) INCLUDE (customer_id) "
        "WHERE audience = 'customer' AND state IN ('sending', 'sent', 'unknown')"
    )
    op.execute(
        "CREATE INDEX notice_waiting ON notice (seq) INCLUDE (customer_id) "
        "WHERE audience = 'customer' AND state = 'pending'"
    )
    op.execute("CREATE INDEX promise_open ON promise (customer_id) WHERE words_since IS NULL AND gap IS NOT NULL")
