"""Customers being erased, a few rows at a time; customers whose contact changed and whose promises wait for a look."""

from alembic import op

from candor.store import erasing

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    erasing.create(op, "promise", "episode", "notice")
    op.execute(
        """
CREATE TABLE new_contact (
  customer_id text PRIMARY KEY,
  partition int NOT NULL,
  after text NOT NULL,
  turn bigint NOT NULL DEFAULT nextval('born'))"""
    )
    op.execute("CREATE INDEX new_contact_turn ON new_contact (partition, turn)")
    # In the order in which they are read, a page of a customer at a time.
    op.execute("DROP INDEX promise_customer")
    op.execute("CREATE INDEX promise_customer ON promise (customer_id, promise_id)")
